package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/store"
)

// checkpointBody is what a checkpoint states and what is signed.
type checkpointBody struct {
	At          time.Time    `json:"at"`
	Predecessor string       `json:"predecessor"` // hash of the checkpoint before, "" for the first
	Heads       []store.Head `json:"heads"`       // that changed since
}

// checkpointFile is a checkpoint as it leaves the database.
type checkpointFile struct {
	Body      string             `json:"body"` // canonical JSON, byte for byte as signed
	Hash      string             `json:"hash"`
	Signature evidence.Signature `json:"signature"`
}

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Prove the record: verify it, and write signed checkpoints of it"}
	cmd.AddCommand(auditVerifyCommand(), auditCheckpointCommand())
	return cmd
}

func auditVerifyCommand() *cobra.Command {
	var files, keys []string
	var bundle string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Re-derive every document from its events and check chain, signatures and read model; reads only",
		Example: `  countersign audit verify --checkpoint checkpoint-12.json
  countersign audit verify --bundle EXP-2026-000123-proof.json --key main-1=<public key in base64>`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if bundle != "" {
				return verifyBundle(cmd, bundle, keys, asJSON)
			}
			p, err := load(cmd, "audit")
			if err != nil {
				return err
			}
			defer p.close()
			s, err := p.store(cmd.Context())
			if err != nil {
				return err
			}
			heads, err := headsOf(cmd.Context(), s, files)
			if err != nil {
				return err
			}
			report, err := s.VerifyAudit(cmd.Context(), store.VerifyOptions{Heads: heads})
			if err != nil {
				return err
			}
			return printReport(cmd, report, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&files, "checkpoint", nil, "checkpoint file that left the database; may be repeated")
	cmd.Flags().StringVar(&bundle, "bundle", "", "proof of one document, JSON or ZIP, to check without any database")
	cmd.Flags().StringArrayVar(&keys, "key", nil, "with --bundle: a key you trust, as id=base64; may be repeated")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	return cmd
}

func printReport(cmd *cobra.Command, report store.Report, asJSON bool) error {
	words := verifyWords{cmd.OutOrStdout(), locale(cmd)}
	if asJSON {
		if err := json.NewEncoder(words.out).Encode(report); err != nil {
			return fmt.Errorf("printing the report: %w", err)
		}
	} else {
		words.record(report)
	}
	if len(report.Findings) > 0 {
		return words.differs("differs")
	}
	return nil
}

// headsOf reads checkpoint files, verifies their signatures and their links to
// each other, and returns the heads they state.
func headsOf(ctx context.Context, s *store.Store, files []string) ([]store.Head, error) {
	ring, err := s.PublicKeys(ctx)
	if err != nil {
		return nil, err
	}
	var heads []store.Head
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading --checkpoint: %w", err)
		}
		var c checkpointFile
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, fmt.Errorf("--checkpoint %s is no checkpoint: %w", file, err)
		}
		if err := ring.Verify(json.RawMessage(c.Body), c.Signature); err != nil {
			return nil, fmt.Errorf("--checkpoint %s: %w", file, err)
		}
		var body checkpointBody
		if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
			return nil, fmt.Errorf("--checkpoint %s: %w", file, err)
		}
		heads = append(heads, body.Heads...)
	}
	return heads, nil
}

func auditCheckpointCommand() *cobra.Command {
	var dir string
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Write a signed checkpoint of the heads that changed, to a directory outside the database",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "audit")
			if err != nil {
				return err
			}
			defer p.close()
			s, err := p.store(cmd.Context())
			if err != nil {
				return err
			}
			for {
				name, err := p.checkpoint(cmd.Context(), s, dir)
				if err != nil {
					return err
				}
				if name != "" {
					fmt.Fprintln(cmd.OutOrStdout(), name)
				}
				if every == 0 {
					return nil
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(every):
				}
			}
		},
	}
	cmd.Flags().StringVar(&dir, "to", "checkpoints", "directory, best on another machine or write-once")
	cmd.Flags().DurationVar(&every, "every", 0, "go on, one after so long, such as 5m; 0 writes one")
	return cmd
}

// checkpoint signs what changed since the last one; "" where nothing did.
func (p *parts) checkpoint(ctx context.Context, s *store.Store, dir string) (string, error) {
	signer, err := p.signingKey()
	if err != nil {
		return "", err
	}
	last, err := s.Checkpoints(ctx, 1)
	if err != nil {
		return "", err
	}
	body := checkpointBody{At: time.Now().UTC().Truncate(time.Microsecond)}
	var since time.Time
	if len(last) > 0 {
		body.Predecessor, since = last[0].Hash, last[0].At
	}
	if body.Heads, err = s.HeadsSince(ctx, since); err != nil || len(body.Heads) == 0 {
		return "", err
	}
	text, err := evidence.Canonical(body)
	if err != nil {
		return "", fmt.Errorf("writing the checkpoint: %w", err)
	}
	hash, err := evidence.HashOf(body)
	if err != nil {
		return "", err
	}
	signature, err := signer.Sign(json.RawMessage(text))
	if err != nil {
		return "", err
	}
	saved, err := s.SaveCheckpoint(ctx, store.Checkpoint{At: body.At, Predecessor: body.Predecessor, Hash: hash,
		Body: string(text), Signature: signature})
	if err != nil {
		return "", err
	}
	return writeCheckpoint(dir, saved)
}

func writeCheckpoint(dir string, c store.Checkpoint) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("--to: %w", err)
	}
	text, err := json.MarshalIndent(checkpointFile{Body: c.Body, Hash: c.Hash, Signature: c.Signature}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing the checkpoint: %w", err)
	}
	name := filepath.Join(dir, "checkpoint-"+strconv.FormatInt(c.N, 10)+".json")
	return name, os.WriteFile(name, append(text, '\n'), 0o444)
}
