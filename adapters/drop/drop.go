// Package drop is the port to where systems leave files for each other: a folder, a
// bucket of an object store, a directory of an SFTP server.
//
//	Incoming ──Move──▶ Working ──Move──▶ Done      a file that came
//	                                └─ Write ──▶ Done   what became of it
package drop

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Room is a part of a place; each is a folder inside it. 目录
type Room string

// The rooms.
const (
	Incoming Room = ""        // where others leave files: the place itself
	Working  Room = "working" // files that are being read
	Done     Room = "done"    // files that were read, each with its result beside it
)

// Rooms lists those that are made in a place where they are missing.
func Rooms() []Room { return []Room{Working, Done} }

// The limits of a place.
const (
	FilesMax = 1000 // of one listing; the others wait for the next
	nameMax  = 180  // bytes of a file's name
)

// File is what a listing tells of a file.
type File struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Place keeps files in rooms. Every provider passes droptest.Run.
type Place interface {
	// List lists the regular files of a room by name, FilesMax at most. What has a name
	// that ValidName refuses, such as a hidden file, is left out; so is every link.
	//
	// Errors: Busy drop.unavailable.
	List(ctx context.Context, room Room) ([]File, error)

	// Read reads a whole file.
	//
	// Errors: NotFound drop.not_found; Invalid drop.too_large; Busy drop.unavailable.
	Read(ctx context.Context, room Room, name string, most int64) ([]byte, error)

	// Write makes a file that is whole as soon as it can be seen. One that is there already stays.
	//
	// Errors: Conflict drop.exists; Busy drop.unavailable.
	Write(ctx context.Context, room Room, name string, content []byte) error

	// Move takes a file to another room under another name, which nobody else gives.
	//
	// Errors: NotFound drop.not_found where it was moved before; Busy drop.unavailable.
	Move(ctx context.Context, from Room, name string, to Room, as string) error
}

var _ = fault.Register(map[string]fault.Entry{
	"drop.not_found":   {Kind: fault.NotFound, Args: []string{"name"}},
	"drop.exists":      {Kind: fault.Conflict, Args: []string{"name"}},
	"drop.too_large":   {Kind: fault.Invalid, Args: []string{"name", "most"}},
	"drop.unavailable": {Kind: fault.Busy, Args: []string{"why"}},
})

// partials are how the names of files end that somebody is still writing.
var partials = []string{".tmp", ".part", ".partial", ".filepart", ".crdownload", ".writing", "~"}

// ValidName says whether a name is plainly that of a file which is meant for us: no path,
// nothing hidden, nothing that cannot be shown.
func ValidName(name string) bool {
	return name != "" && len(name) <= nameMax && utf8.ValidString(name) && !strings.HasPrefix(name, ".") &&
		!strings.ContainsAny(name, `/\:`) && !strings.ContainsFunc(name, unicode.IsControl)
}

// Finished says whether a file looks as if nobody writes it any more: by its name, and
// because nobody has for as long as quiet.
func (f File) Finished(now time.Time, quiet time.Duration) bool {
	for _, end := range partials {
		if strings.HasSuffix(strings.ToLower(f.Name), end) {
			return false
		}
	}
	return f.Size > 0 && now.Sub(f.Modified) >= quiet
}

// Unavailable is the fault of a place that does not answer. Its words name no path and no
// address, which are the operator's business.
func Unavailable(why string) error {
	return fault.New(fault.Busy, "drop.unavailable", fault.Arg("why", why))
}

// NotFound is the fault of a file that is not there.
func NotFound(name string) error {
	return fault.New(fault.NotFound, "drop.not_found", fault.Arg("name", name))
}

// Exists is the fault of a name that is taken.
func Exists(name string) error {
	return fault.New(fault.Conflict, "drop.exists", fault.Arg("name", name))
}

// TooLarge is the fault of a file of more bytes than are read.
func TooLarge(name, most string) error {
	return fault.New(fault.Invalid, "drop.too_large", fault.Arg("name", name), fault.Arg("most", most))
}

// ErrBadName says that a name of ours is none, which is a mistake of ours.
var ErrBadName = errors.New("drop: this is no name of a file")
