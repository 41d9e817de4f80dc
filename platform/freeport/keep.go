package freeport

import (
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// book is a file that every process of ours on this machine shares: who locks its byte n has port n.
// The kernel takes back the locks of a process that ends, however it does.
var book = sync.OnceValue(func() *os.File {
	file, err := os.OpenFile(filepath.Join(os.TempDir(), "countersign-ports"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil // another user's: then a port is only a random one
	}
	return file
})

var (
	mutex sync.Mutex
	given = map[int]bool{} // in this process, whose own locks do not bar it
)

// keep reserves a port for this process; false where another has it.
func keep(port int) bool {
	mutex.Lock()
	defer mutex.Unlock()
	if given[port] {
		return false
	}
	if file := book(); file != nil {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(port), Len: 1}
		if unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock) != nil {
			return false
		}
	}
	given[port] = true
	return true
}
