package filedrop

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/s3"
	"github.com/countersign/countersign/adapters/drop/sftp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
)

// openDesk opens the folder, or the place that the address of the connection names:
// sftp://host:port/directory or s3://host:port/bucket/prefix.
func openDesk(config port.Config, o port.Options) (desk, error) {
	if config.URL == "" {
		if !filepath.IsAbs(o["folder"]) {
			return nil, port.BadOption("folder", "is no absolute path: write the folder that the importer reads")
		}
		return folder(o["folder"]), nil
	}
	at, err := url.Parse(config.URL)
	if err != nil || at.Host == "" || o["folder"] != "" {
		return nil, badAddress("write sftp://host:port/directory or s3://host:port/bucket/prefix, or options.folder alone")
	}
	if config.User == "" {
		return nil, port.Fault(port.CodeBadConfig, "user is empty", fault.Arg("what", "user"))
	}
	switch at.Scheme {
	case "sftp":
		return openSFTP(config, o, at)
	case "s3", "s3+http":
		bucket, prefix, _ := strings.Cut(strings.Trim(at.Path, "/"), "/")
		place, err := s3.Open(s3.Config{Endpoint: at.Host, Bucket: bucket, Prefix: prefix, Region: o["region"],
			AccessKey: config.User, SecretKey: string(config.Secret), Plain: at.Scheme == "s3+http", Once: true,
			TLS: config.TLS})
		if err != nil || bucket == "" {
			return nil, badAddress("write s3://host:port/bucket/prefix")
		}
		if o["taken"] != "" && !drop.ValidName(o["taken"]) {
			return nil, port.BadOption("taken", "is no name of a folder below the prefix")
		}
		return put{place: timed{place, config.Timeout}, taken: drop.Room(o["taken"])}, nil
	}
	return nil, badAddress("is neither sftp:// nor s3://")
}

func openSFTP(config port.Config, o port.Options, at *url.URL) (desk, error) {
	key := ""
	if o["private_key"] != "" {
		text, err := readFile(o["private_key"])
		if err != nil {
			return nil, port.BadOption("private_key", "cannot be read: "+plain(err))
		}
		key = string(text)
	}
	place, err := sftp.Open(sftp.Config{Endpoint: at.Host, User: config.User, Password: string(config.Secret),
		PrivateKey: key, HostKey: o["host_key"], Folder: at.Path, Timeout: config.Timeout})
	if err != nil {
		return nil, port.BadOption("host_key", "or private_key cannot be read: "+err.Error())
	}
	return renamed{place}, nil
}

func badAddress(words string) error {
	return port.Fault(port.CodeBadConfig, words, fault.Arg("what", "url"))
}

// renamed is a desk on an SFTP server, by the protocol of the folder: what is staged lies in
// the room working, and is dropped by a rename, which happens once.
type renamed struct{ place drop.Place }

func (d renamed) record(ctx context.Context, short string) (record, error) {
	return readRecord(ctx, d.place, short)
}

func (d renamed) stage(ctx context.Context, r record, text []byte) error {
	if err := d.place.Write(ctx, drop.Working, r.Staged, text); err != nil {
		return unavailable(err)
	}
	return writeRecord(ctx, d.place, r)
}

func (d renamed) dropped(ctx context.Context, r record, _ string) (bool, error) {
	staged, err := has(ctx, d.place, drop.Working, r.Staged)
	if err != nil || staged {
		return false, err
	}
	withdrawn, err := has(ctx, d.place, drop.Done, r.Staged+withdrawnEnd)
	return !withdrawn, err
}

func (d renamed) drop(ctx context.Context, r record, name string, _ []byte) error {
	err := d.place.Move(ctx, drop.Working, r.Staged, drop.Incoming, name)
	if err == nil || fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return lost(err)
}

func (d renamed) withdraw(ctx context.Context, r record) error {
	err := d.place.Move(ctx, drop.Working, r.Staged, drop.Done, r.Staged+withdrawnEnd)
	if fault.KindOf(err) == fault.NotFound {
		withdrawn, other := has(ctx, d.place, drop.Done, r.Staged+withdrawnEnd)
		if err = other; err == nil && !withdrawn {
			err = port.Fault(port.CodeRefused, "it was dropped already")
		}
	}
	if err != nil {
		return unavailable(err)
	}
	return forget(ctx, d.place, r)
}

// put is a desk in a bucket, where nothing can be renamed: the record has all of the
// voucher, and a file is put once, on the condition that there is none.
//
//	<staged>.fate      «drop» or «withdrawn»: whoever writes it first decides
//	the file itself    by whoever wrote the fate
//	<staged>.dropped   it was put, whatever became of it since
//
// Where the fate is «drop», nothing tells of the end and the file is not there, nobody can
// know whether it was put and taken away. Unless the importer moves what it takes to where
// we can see it (options.taken), that stops for a person.
type put struct {
	place drop.Place
	taken drop.Room
}

// The fates.
const (
	fateDrop      = "drop "
	fateWithdrawn = "withdrawn"
	fateEnd       = ".fate"
	droppedEnd    = ".dropped"
)

func (d put) record(ctx context.Context, short string) (record, error) {
	return readRecord(ctx, d.place, short)
}

func (d put) stage(ctx context.Context, r record, _ []byte) error {
	return writeRecord(ctx, d.place, r)
}

func (d put) dropped(ctx context.Context, r record, name string) (bool, error) {
	for _, at := range [][2]string{{string(drop.Working), r.Staged + droppedEnd}, {string(drop.Incoming), name},
		{string(d.taken), name}} { // in the order in which a file goes
		if found, err := has(ctx, d.place, drop.Room(at[0]), at[1]); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

func (d put) drop(ctx context.Context, r record, name string, text []byte) error {
	mine := fateDrop + newRecord(r.Voucher).Staged
	err := d.place.Write(ctx, drop.Working, r.Staged+fateEnd, []byte(mine))
	if fault.KindOf(err) == fault.Conflict {
		err = d.again(ctx, r, name, mine)
		if errors.Is(err, errWithdrawn) {
			return nil // the state tells
		}
		if err != nil {
			return err
		}
	}
	if err != nil {
		return lost(err)
	}
	if err := d.place.Write(ctx, drop.Incoming, name, text); err != nil && fault.KindOf(err) != fault.Conflict {
		return lost(err)
	}
	err = d.place.Write(ctx, drop.Working, r.Staged+droppedEnd, []byte(name))
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return lost(err)
	}
	return nil
}

// errWithdrawn says that somebody decided against it.
var errWithdrawn = errors.New("it was withdrawn")

// again judges whether a file whose fate was written before may be put.
func (d put) again(ctx context.Context, r record, name, mine string) error {
	fate, err := d.place.Read(ctx, drop.Working, r.Staged+fateEnd, recordMax)
	if err != nil {
		return unavailable(err)
	}
	if string(fate) == fateWithdrawn {
		return errWithdrawn
	}
	if string(fate) == mine { // our own, which was said twice
		return nil
	}
	there, err := d.dropped(ctx, r, name)
	if err != nil {
		return unavailable(err)
	}
	if !there && d.taken == "" {
		return port.Fault(port.CodeConflict, "it may have been dropped and taken away: look at the importer",
			fault.Arg("reference", r.Voucher.Reference), fault.Arg("what", name))
	}
	return nil
}

func (d put) withdraw(ctx context.Context, r record) error {
	err := d.place.Write(ctx, drop.Working, r.Staged+fateEnd, []byte(fateWithdrawn))
	if fault.KindOf(err) == fault.Conflict {
		var fate []byte
		fate, err = d.place.Read(ctx, drop.Working, r.Staged+fateEnd, recordMax)
		if err == nil && string(fate) != fateWithdrawn {
			return port.Fault(port.CodeRefused, "it was dropped already")
		}
	}
	if err != nil {
		return unavailable(err)
	}
	return forget(ctx, d.place, r)
}

// timed bounds each call of a place.
type timed struct {
	drop.Place

	most time.Duration
}

func (t timed) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, cmp.Or(t.most, port.DefaultTimeout))
}

// Read reads a file in time.
func (t timed) Read(ctx context.Context, room drop.Room, name string, most int64) ([]byte, error) {
	ctx, cancel := t.bounded(ctx)
	defer cancel()
	return t.Place.Read(ctx, room, name, most)
}

// Write writes a file in time.
func (t timed) Write(ctx context.Context, room drop.Room, name string, content []byte) error {
	ctx, cancel := t.bounded(ctx)
	defer cancel()
	return t.Place.Write(ctx, room, name, content)
}

// Move moves a file in time.
func (t timed) Move(ctx context.Context, from drop.Room, name string, to drop.Room, as string) error {
	ctx, cancel := t.bounded(ctx)
	defer cancel()
	return t.Place.Move(ctx, from, name, to, as)
}

func readRecord(ctx context.Context, place drop.Place, short string) (record, error) {
	var r record
	text, err := place.Read(ctx, drop.Working, short+".json", recordMax)
	if fault.KindOf(err) == fault.NotFound || errors.Is(err, drop.ErrBadName) {
		return r, os.ErrNotExist
	}
	if err != nil {
		return r, unavailable(err)
	}
	return r, json.Unmarshal(text, &r)
}

// writeRecord writes what only one can. An answer that was lost may hide that it did.
func writeRecord(ctx context.Context, place drop.Place, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = place.Write(ctx, drop.Working, r.short()+".json", text)
	if fault.KindOf(err) == fault.Conflict {
		return os.ErrExist
	}
	return lost(err)
}

// forget takes the record out of the way of a corrected voucher.
func forget(ctx context.Context, place drop.Place, r record) error {
	err := place.Move(ctx, drop.Working, r.short()+".json", drop.Done, r.Staged+".json")
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return unavailable(err)
	}
	return nil
}

// has says whether a file is there.
func has(ctx context.Context, place drop.Place, room drop.Room, name string) (bool, error) {
	_, err := place.Read(ctx, room, name, recordMax)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, unavailable(err)
	}
	return true, nil
}

// lost is the fault of a request that writes and was not answered.
func lost(err error) error {
	if err == nil {
		return nil
	}
	return port.Fault(port.CodeUnknown, words(err))
}
