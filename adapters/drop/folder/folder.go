// Package folder is a place on a file system, which may be a share that several machines
// have. Nothing outside of it is ever touched: links that lead out of it lead nowhere.
package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/drop"
)

// Place is one folder.
type Place struct {
	root *os.Root
}

var _ drop.Place = (*Place)(nil)

// Open opens a folder, which must be there, and makes its rooms.
func Open(at string) (*Place, error) {
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, err
	}
	for _, room := range drop.Rooms() {
		if err := root.Mkdir(string(room), 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(err, root.Close())
		}
	}
	return &Place{root: root}, nil
}

func at(room drop.Room, name string) (string, error) {
	if !drop.ValidName(name) {
		return "", drop.ErrBadName
	}
	return path.Join(string(room), name), nil
}

// List lists the files of a room.
func (p *Place) List(ctx context.Context, room drop.Room) ([]drop.File, error) {
	folder, err := p.root.Open(path.Join(".", string(room)))
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = folder.Close() }() // it was only read
	var files []drop.File
	for ctx.Err() == nil {
		entries, err := folder.ReadDir(drop.FilesMax)
		for _, entry := range entries {
			info, gone := entry.Info()
			if gone == nil && entry.Type().IsRegular() && drop.ValidName(entry.Name()) {
				files = append(files, drop.File{Name: entry.Name(), Size: info.Size(), Modified: info.ModTime()})
			}
		}
		if errors.Is(err, io.EOF) {
			slices.SortFunc(files, func(a, b drop.File) int { return strings.Compare(a.Name, b.Name) })
			return files[:min(len(files), drop.FilesMax)], nil
		}
		if err != nil {
			return nil, unavailable(err)
		}
	}
	return nil, ctx.Err()
}

// Read reads a file. A link is no file, wherever it leads.
func (p *Place) Read(_ context.Context, room drop.Room, name string, most int64) ([]byte, error) {
	where, err := at(room, name)
	if err != nil {
		return nil, err
	}
	info, err := p.root.Lstat(where)
	if err == nil && !info.Mode().IsRegular() || errors.Is(err, fs.ErrNotExist) {
		return nil, drop.NotFound(name)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	file, err := p.root.Open(where)
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, unavailable(err)
	}
	if int64(len(text)) > most {
		return nil, drop.TooLarge(name, strconv.FormatInt(most, 10))
	}
	return text, nil
}

// Write writes a file under a hidden name, then gives it its own, which only one can.
func (p *Place) Write(_ context.Context, room drop.Room, name string, content []byte) error {
	where, err := at(room, name)
	if err != nil {
		return err
	}
	draft := path.Join(string(room), "."+rand.Text()+".tmp")
	if err := p.draft(draft, content); err != nil {
		return unavailable(err)
	}
	defer func() { _ = p.root.Remove(draft) }() // what a crash leaves of it is hidden
	if err := p.root.Link(draft, where); errors.Is(err, fs.ErrExist) {
		return drop.Exists(name)
	} else if err != nil {
		return unavailable(err)
	}
	return p.sync(room)
}

func (p *Place) draft(draft string, content []byte) error {
	file, err := p.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// Move renames a file.
func (p *Place) Move(_ context.Context, from drop.Room, name string, to drop.Room, as string) error {
	old, err := at(from, name)
	if err != nil {
		return err
	}
	where, err := at(to, as)
	if err != nil {
		return err
	}
	if err := p.root.Rename(old, where); errors.Is(err, fs.ErrNotExist) {
		return drop.NotFound(name)
	} else if err != nil {
		return unavailable(err)
	}
	return errors.Join(p.sync(from), p.sync(to))
}

// sync makes new names survive a power cut.
func (p *Place) sync(room drop.Room) error {
	folder, err := p.root.Open(path.Join(".", string(room)))
	if err != nil {
		return unavailable(err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}

// unavailable leaves the folder's path out of the words.
func unavailable(err error) error {
	why := err.Error()
	if at := new(fs.PathError); errors.As(err, &at) {
		why = at.Op + ": " + at.Err.Error()
	}
	if at := new(os.LinkError); errors.As(err, &at) {
		why = at.Op + ": " + at.Err.Error()
	}
	return drop.Unavailable(why)
}
