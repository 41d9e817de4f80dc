package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	pidLine    = 0
	statusLine = 7

	goneMax  = 5 * time.Second
	gonePoll = 20 * time.Millisecond
)

// postmaster is what PostgreSQL writes about itself into its data directory.
type postmaster struct {
	pid   int
	ready bool
}

func readPostmaster(data string) (postmaster, bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return postmaster{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[pidLine]))
	if err != nil {
		return postmaster{}, false
	}
	ready := len(lines) > statusLine && strings.TrimSpace(lines[statusLine]) == "ready"
	return postmaster{pid: pid, ready: ready}, true
}

// stopOrphan ends a server that outlived the process which started it. The lock on the directory is ours, so no
// living process claims it.
func stopOrphan(data string) error {
	record, ok := readPostmaster(data)
	if !ok {
		return nil
	}
	if !isPostmaster(record.pid, data) {
		// The number may belong to another program by now, before which PostgreSQL would step back.
		err := os.Remove(filepath.Join(data, "postmaster.pid"))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	children := childrenOf(record.pid)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		if err := sendSignal(record.pid, signal); err != nil {
			return fmt.Errorf("stop the PostgreSQL left behind (pid %d): %w", record.pid, err)
		}
		if awaitGone(record.pid, stopPatience) {
			return killAll(children)
		}
	}
	return fmt.Errorf("the PostgreSQL left behind (pid %d) does not end", record.pid)
}

// isPostmaster says whether the process is PostgreSQL on this very data directory.
func isPostmaster(pid int, data string) bool {
	arguments := commandLine(pid)
	if len(arguments) == 0 {
		return false
	}
	name := filepath.Base(arguments[0])
	return (name == "postgres" || name == "postmaster") && slices.Contains(arguments, data)
}

// commandLine is empty when there is no such process.
func commandLine(pid int) []string {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		return strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
	}
	text, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}

// childrenOf lists the server's backends. Each leads a session of its own, so no process group holds them together.
func childrenOf(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	if len(stats) == 0 {
		return childrenByPS(pid)
	}
	var children []int
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it ended while we looked
		}
		// pid (name) state parent …; the name may hold anything, so count from its end.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
			children = append(children, child)
		}
	}
	return children
}

func childrenByPS(pid int) []int {
	text, err := exec.Command("ps", "-axo", "pid=,ppid=").Output()
	if err != nil {
		return nil
	}
	var children []int
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(fields[0])
			children = append(children, child)
		}
	}
	return children
}

// killAll ends the children of a dead server, which would end by themselves a moment later, and waits for it: until
// then they hold the shared memory that the next server needs.
func killAll(children []int) error {
	for _, pid := range children {
		_ = sendSignal(pid, syscall.SIGKILL)
	}
	for _, pid := range children {
		if !awaitGone(pid, goneMax) {
			return fmt.Errorf("PostgreSQL's child %d does not end", pid)
		}
	}
	return nil
}

func awaitGone(pid int, limit time.Duration) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(gonePoll) {
		if len(commandLine(pid)) == 0 || commandLine(pid)[0] == "" {
			return true // gone, or a zombie that somebody else must bury
		}
	}
	return false
}

func sendSignal(pid int, signal syscall.Signal) error {
	found, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := found.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}
