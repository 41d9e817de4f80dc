// Package disk keeps attachments in a directory.
package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/fault"
)

const (
	directoryMode = 0o700
	fileMode      = 0o600
)

// Store keeps each file under two characters of its key, so that no directory
// grows without bound. It never leaves its root, whatever a key says.
type Store struct {
	root *os.Root
}

// Open opens the directory, making it if it is missing.
func Open(c files.Config) (files.Store, error) {
	if c.Directory == "" {
		return nil, errors.New("files.directory is empty")
	}
	if err := os.MkdirAll(c.Directory, directoryMode); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(c.Directory)
	if err != nil {
		return nil, err
	}
	return &Store{root: root}, nil
}

// Put writes beside the place, syncs, and renames: a file is whole or not there.
func (s *Store) Put(_ context.Context, key string, content io.Reader, size int64) error {
	if !files.ValidKey(key) {
		return fault.New(fault.Internal, "file.unavailable")
	}
	place := placeOf(key)
	if err := s.root.MkdirAll(path.Dir(place), directoryMode); err != nil {
		return unavailable("make a directory", err)
	}
	part := place + ".part-" + files.NewKey()
	if err := s.write(part, content, size); err != nil {
		_ = s.root.Remove(part) // what is left of it is never found under a key
		return unavailable("write", err)
	}
	if err := s.root.Rename(part, place); err != nil {
		_ = s.root.Remove(part)
		return unavailable("rename", err)
	}
	if err := s.sync(path.Dir(place)); err != nil {
		return unavailable("sync", err)
	}
	return nil
}

func (s *Store) write(name string, content io.Reader, size int64) error {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // closed twice on the good way, the first error counts
	written, err := io.Copy(f, io.LimitReader(content, size+1))
	if err != nil {
		return err
	}
	if written != size {
		return io.ErrUnexpectedEOF
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func (s *Store) sync(directory string) error {
	d, err := s.root.Open(directory)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only read
	return d.Sync()
}

// Open reads a file.
func (s *Store) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if !files.ValidKey(key) {
		return nil, files.NotFound()
	}
	f, err := s.root.Open(placeOf(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, files.NotFound()
	}
	if err != nil {
		return nil, unavailable("open", err)
	}
	return f, nil
}

// Delete removes a file.
func (s *Store) Delete(_ context.Context, key string) error {
	if !files.ValidKey(key) {
		return nil
	}
	if err := s.root.Remove(placeOf(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unavailable("remove", err)
	}
	return nil
}

// Check looks whether the directory is still there.
func (s *Store) Check(context.Context) error {
	if _, err := s.root.Stat("."); err != nil {
		return unavailable("check", err)
	}
	return nil
}

func placeOf(key string) string { return key[:2] + "/" + key }

func unavailable(what string, err error) error {
	slog.Error("files on disk", "while", what, "error", err)
	return fault.New(fault.Busy, "file.unavailable")
}
