package filedrop

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// newRecord is that of a voucher which nobody recorded yet.
func newRecord(v voucher.Voucher) record {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return record{Voucher: v, Staged: voucher.Short(v.Reference) + "." + hex.EncodeToString(random[:])}
}

// short is what the record is called by.
func (r record) short() string { return voucher.Short(r.Voucher.Reference) }

// desk is where vouchers are recorded, wait to be dropped, and are dropped from, each once.
type desk interface {
	// record reads the record of a short reference; os.ErrNotExist where there is none.
	record(ctx context.Context, short string) (record, error)
	// stage writes a file that shall be dropped, then its record under a name that only
	// one can take: os.ErrExist where another did.
	stage(ctx context.Context, r record, text []byte) error
	// dropped says whether the file was dropped, also where it was taken away since.
	dropped(ctx context.Context, r record, name string) (bool, error)
	// drop drops it, unless it was dropped or withdrawn. Safe to repeat.
	drop(ctx context.Context, r record, name string, text []byte) error
	// withdraw sees to it that it is never dropped, and forgets the record. Safe to repeat.
	//
	// Errors: Invalid where it was dropped already.
	withdraw(ctx context.Context, r record) error
}

// inFolder is the folder inside the folder where staged files and records lie.
const inFolder = ".countersign"

// withdrawnEnd is behind the name of a staged file that shall not be dropped.
const withdrawnEnd = ".withdrawn"

// folder is a desk on a file system.
type folder string

// there says whether a file is there. One that cannot be looked at may be.
func there(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// at is a path on the desk; names are made here of letters and digits only.
func (f folder) at(name string) string { return filepath.Join(string(f), inFolder, name) }

func (f folder) stage(_ context.Context, r record, text []byte) error {
	if err := f.reachable(); err != nil {
		return err
	}
	if err := os.Mkdir(f.at(""), 0o750); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	written, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := writeFile(f.at(r.Staged), text); err != nil {
		return err
	}
	draft := f.at(r.Staged + ".json")
	if err := writeFile(draft, written); err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft) }()       // what a crash leaves of it is nothing
	err = os.Link(draft, f.at(r.short()+".json")) // whole or not at all, and never over another
	if err != nil {
		_ = os.Remove(f.at(r.Staged))
		return err
	}
	return syncFolder(f.at(""))
}

func (f folder) record(_ context.Context, short string) (record, error) {
	var r record
	if filepath.Base(short) != short {
		return r, os.ErrNotExist
	}
	text, err := readFile(f.at(short + ".json"))
	if errors.Is(err, os.ErrNotExist) {
		if away := f.reachable(); away != nil {
			return r, away
		}
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// dropped: what is neither staged nor withdrawn was dropped.
func (f folder) dropped(_ context.Context, r record, _ string) (bool, error) {
	if err := f.reachable(); err != nil {
		return false, err
	}
	return !there(f.at(r.Staged)) && !there(f.at(r.Staged+withdrawnEnd)), nil
}

// drop moves the staged file to where the importer takes it.
func (f folder) drop(_ context.Context, r record, name string, _ []byte) error {
	err := os.Rename(f.at(r.Staged), filepath.Join(string(f), name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return unavailable(err)
	}
	if err := errors.Join(syncFolder(string(f)), syncFolder(f.at(""))); err != nil {
		return port.Fault(port.CodeUnknown, plain(err))
	}
	return nil
}

// withdraw: the staged file goes first, for between this rename and that of drop one wins.
func (f folder) withdraw(_ context.Context, r record) error {
	withdrawn := f.at(r.Staged + withdrawnEnd)
	if err := os.Rename(f.at(r.Staged), withdrawn); err != nil && !there(withdrawn) {
		return port.Fault(port.CodeRefused, "it was dropped already")
	}
	if err := errors.Join(os.Remove(f.at(r.short()+".json")), os.Remove(withdrawn), syncFolder(f.at(""))); err != nil {
		return unavailable(err)
	}
	return nil
}

// reachable says whether the folder is there: a share that is not mounted looks empty.
func (f folder) reachable() error {
	info, err := os.Stat(string(f))
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

// unavailable is the fault of what did not happen; one that has a code of an ERP keeps it.
func unavailable(err error) error {
	if f, ours := faultOf(err); ours && strings.HasPrefix(f.Code, "erp.") {
		return err
	}
	return port.Fault(port.CodeUnavailable, words(err))
}

// words are those of a place elsewhere, or of the file system.
func words(err error) string {
	if f, ours := faultOf(err); ours && f.Args["why"] != "" {
		return f.Args["why"]
	}
	return plain(err)
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
