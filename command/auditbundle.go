package command

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proof"
	"github.com/countersign/countersign/platform/archive"
)

// bundleMax is how many bytes of one file of a bundle are read.
const bundleMax = 64 << 20

// bundleLimits are those of a whole bundle.
var bundleLimits = archive.Limits{Entries: 10_000, Bytes: 4 << 30, Ratio: 200}

// verifyBundle checks a proof that somebody downloaded. It needs no database, no
// network and no configuration: a file, and the keys that one knows.
func verifyBundle(cmd *cobra.Command, file string, keys []string, asJSON bool) error {
	trusted, err := trustedKeys(keys)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading --bundle: %w", err)
	}
	text, files, err := unpacked(raw)
	if err != nil {
		return fmt.Errorf("--bundle %s: %w", file, err)
	}
	bundle, err := proof.Read(text)
	if err != nil {
		return err
	}
	report, beside := proof.Check(bundle, trusted), len(files)
	report.Findings = append(report.Findings, filesDiffer(report.Attachments, files)...)
	words := verifyWords{cmd.OutOrStdout(), locale(cmd)}
	if err := printBundle(words, report, beside, asJSON); err != nil {
		return err
	}
	if len(report.Findings) > 0 {
		return words.differs("bundle.differs")
	}
	return nil
}

// trustedKeys reads keys of the form id=base64.
func trustedKeys(texts []string) (evidence.KeyRing, error) {
	ring := evidence.KeyRing{}
	for _, text := range texts {
		id, public, found := strings.Cut(text, "=")
		if !found {
			return nil, fmt.Errorf("--key %s: write the id of the key, an equals sign, and the key in base64", text)
		}
		key, err := evidence.ParsePublicKey(id, public)
		if err != nil {
			return nil, err
		}
		ring[id] = key
	}
	return ring, nil
}

// unpacked is the proof, and the hashes of the files that an archive has beside it.
func unpacked(raw []byte) (text []byte, files map[string]string, err error) {
	if !bytes.HasPrefix(raw, []byte("PK")) {
		return raw, nil, nil
	}
	packed, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, nil, err
	}
	// An entry that is there twice could show one thing to us and another to who reads it.
	if err := archive.Check(bytes.NewReader(raw), int64(len(raw)), bundleLimits); err != nil {
		return nil, nil, err
	}
	files = map[string]string{}
	for _, f := range packed.File {
		content, err := readEntry(f)
		if err != nil {
			return nil, nil, err
		}
		if f.Name == proof.BundleName {
			text = content
			continue
		}
		sum := sha256.Sum256(content)
		files[f.Name] = hex.EncodeToString(sum[:])
	}
	if text == nil {
		return nil, nil, fmt.Errorf("it holds no %s", proof.BundleName)
	}
	return text, files, nil
}

func readEntry(f *zip.File) ([]byte, error) {
	content, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	text, err := io.ReadAll(io.LimitReader(content, bundleMax+1))
	if err == nil && len(text) > bundleMax {
		err = fmt.Errorf("%s is larger than %d bytes", f.Name, bundleMax)
	}
	return text, err
}

// filesDiffer holds the files of an archive against what the contents say of them; a
// proof without files is none the worse.
func filesDiffer(named []document.Attachment, files map[string]string) []proof.Finding {
	if files == nil {
		return nil
	}
	var findings []proof.Finding
	for _, a := range named {
		switch sum, there := files[proof.FileName(a)]; {
		case !there:
			findings = append(findings, proof.Finding{What: "attachment.missing", Detail: a.Name})
		case sum != a.SHA256:
			findings = append(findings, proof.Finding{What: "attachment.differs", Detail: a.Name})
		}
		delete(files, proof.FileName(a))
	}
	for name := range files {
		findings = append(findings, proof.Finding{What: "attachment.unknown", Detail: name})
	}
	return findings
}

func printBundle(words verifyWords, r proof.Report, files int, asJSON bool) error {
	if !asJSON {
		words.bundle(r, files)
		return nil
	}
	if err := json.NewEncoder(words.out).Encode(r); err != nil {
		return fmt.Errorf("printing the report: %w", err)
	}
	return nil
}
