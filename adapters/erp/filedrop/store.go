package filedrop

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// recordMax bounds one record, and one list of master data.
const recordMax = 8 << 20

// record is what is kept of a voucher for ever.
type record struct {
	Voucher voucher.Voucher `json:"voucher"`
	Staged  string          `json:"staged"` // the file's name while it waits to be dropped
}

// withdrawnEnd is behind the name of a staged file that shall not be dropped.
const withdrawnEnd = ".withdrawn"

// there says whether a file is there. One that cannot be looked at may be.
func there(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// at is a path on the desk; names are made here of letters and digits only.
func (p *Port) at(name string) string { return filepath.Join(p.folder, desk, name) }

// fileName is what the importer sees: in the order of days, and never the same twice.
func (p *Port) fileName(v voucher.Voucher) string {
	return v.Date + "-" + voucher.Short(v.Reference) + extensions[p.options["format"]]
}

// stage writes the file, then its record under a name that only one can take.
func (p *Port) stage(v voucher.Voucher, text []byte) (record, error) {
	if err := p.reachable(); err != nil {
		return record{}, err
	}
	if err := os.Mkdir(p.at(""), 0o750); err != nil && !errors.Is(err, os.ErrExist) {
		return record{}, err
	}
	var random [8]byte
	_, _ = rand.Read(random[:])
	name := voucher.Short(v.Reference)
	r := record{Voucher: v, Staged: name + "." + hex.EncodeToString(random[:])}
	written, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	if err := writeFile(p.at(r.Staged), text); err != nil {
		return r, err
	}
	draft := p.at(r.Staged + ".json")
	if err := writeFile(draft, written); err != nil {
		return r, err
	}
	defer func() { _ = os.Remove(draft) }()  // what a crash leaves of it is nothing
	err = os.Link(draft, p.at(name+".json")) // whole or not at all, and never over another
	if err != nil {
		_ = os.Remove(p.at(r.Staged))
		return r, err
	}
	return r, syncFolder(p.at(""))
}

// record reads the record of a short reference.
func (p *Port) record(short string) (record, error) {
	var r record
	if filepath.Base(short) != short {
		return r, os.ErrNotExist
	}
	text, err := readFile(p.at(short + ".json"))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// reachable says whether the folder is there: a share that is not mounted looks empty.
func (p *Port) reachable() error {
	info, err := os.Stat(p.folder)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

func writeFile(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, recordMax+1))
	if err == nil && len(text) > recordMax {
		err = errors.New(filepath.Base(path) + " is too large")
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), err
}

// syncFolder makes new names survive a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func unavailable(err error) error {
	if _, ours := faultOf(err); ours {
		return err
	}
	return port.Fault(port.CodeUnavailable, plain(err))
}

// plain leaves the folder's path out of the words.
func plain(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Op + ": " + path.Err.Error()
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Op + ": " + link.Err.Error()
	}
	return err.Error()
}
