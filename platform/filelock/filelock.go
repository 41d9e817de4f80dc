// Package filelock keeps two processes from working in one place. The kernel frees a lock when its holder dies.
package filelock

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// ErrHeld says that another holder has the lock.
var ErrHeld = errors.New("filelock: held by another")

const (
	poll = 200 * time.Millisecond

	lockFileMode = 0o600
)

// Lock is a held lock.
type Lock struct{ release func() error }

// Try takes the lock on the file, which it creates, or returns ErrHeld at once.
func Try(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, lockFileMode)
	if err != nil {
		return nil, err
	}
	if err := lock(file); err != nil {
		_ = file.Close()
		return nil, err
	}
	return &Lock{release: sync.OnceValue(func() error { return errors.Join(unlock(file), file.Close()) })}, nil
}

// Wait takes the lock as soon as it is free.
//
// Time: until ctx ends.
func Wait(ctx context.Context, path string) (*Lock, error) {
	for {
		l, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(poll):
		}
	}
}

// Release lets the next one in: it is free when any call returns, also one that finds another at it. The file stays:
// removing it would let two holders lock two files of one name.
func (l *Lock) Release() error { return l.release() }
