package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the kernel's unit of CPU time in /proc: 100 a second on every
// Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// cpuOf returns the CPU time of a process and of all its descendants, the
// finished ones included as far as they were waited for. Linux only.
func cpuOf(pid int) (time.Duration, error) {
	stats, err := processes()
	if err != nil {
		return 0, err
	}
	if _, there := stats[pid]; !there {
		return 0, fmt.Errorf("process %d is not running", pid)
	}
	var ticks int64
	for id := range stats {
		if descends(stats, id, pid) {
			ticks += stats[id].ticks
		}
	}
	return time.Duration(ticks) * clockTick, nil
}

// memoryOf returns the resident memory of a process and its descendants, in bytes.
func memoryOf(pid int) (int64, error) {
	stats, err := processes()
	if err != nil {
		return 0, err
	}
	var pages int64
	for id := range stats {
		if descends(stats, id, pid) {
			pages += stats[id].pages
		}
	}
	return pages * int64(os.Getpagesize()), nil
}

// ownMemoryOf is the part of it that is no file's: program text is mapped by every
// process of one program, and kept once.
func ownMemoryOf(pid int) (int64, error) {
	stats, err := processes()
	if err != nil {
		return 0, err
	}
	var own int64
	for id := range stats {
		if descends(stats, id, pid) {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", id))
			if err != nil {
				continue // it ended meanwhile
			}
			var size, resident, shared int64
			if _, err := fmt.Sscan(string(text), &size, &resident, &shared); err != nil {
				return 0, fmt.Errorf("reading the memory of process %d: %w", id, err)
			}
			own += (resident - shared) * int64(os.Getpagesize())
		}
	}
	return own, nil
}

type processStat struct {
	parent int
	ticks  int64 // user and system, own and of children waited for
	pages  int64 // resident
}

func processes() (map[int]processStat, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("CPU time is measured on Linux only (no /proc): %w", err)
	}
	stats := make(map[int]processStat, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		if stat, ok := parseStat(string(text)); ok {
			stats[pid] = stat
		}
	}
	return stats, nil
}

// parseStat reads the fields after the program's name, which may hold anything:
// proc(5) counts them from 3.
func parseStat(text string) (processStat, bool) {
	_, rest, found := strings.Cut(text, ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 22 {
		return processStat{}, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(fields[field-3], 10, 64)
		return n
	}
	return processStat{
		parent: int(number(4)),
		ticks:  number(14) + number(15) + number(16) + number(17),
		pages:  number(24),
	}, true
}

func descends(stats map[int]processStat, pid, ancestor int) bool {
	for range len(stats) {
		if pid == ancestor {
			return true
		}
		stat, there := stats[pid]
		if !there {
			return false
		}
		pid = stat.parent
	}
	return false
}
