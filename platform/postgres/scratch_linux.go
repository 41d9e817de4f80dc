package postgres

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	sharedMemory = "/dev/shm"
	roomLeast    = 4 << 30 // bytes: the houses of two packages at once and whatever else runs
)

// memory is a directory in memory, or "" where there is none or not enough.
func memory() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(sharedMemory, &fs); err != nil || int64(fs.Bavail)*fs.Bsize < roomLeast {
		return ""
	}
	if available() < 2*roomLeast {
		return ""
	}
	return sharedMemory
}

// available is how many bytes of memory the machine could still give.
func available() int64 {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "MemAvailable:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
