// Package process runs programs that must not outlive this one, such as a private PostgreSQL.
package process

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// ErrStillRunning says that a program did not end within the time it was given.
var ErrStillRunning = errors.New("process: still running")

// Process is a program that this one started.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // what Wait returned; read it after done
}

// Start runs the command in a process group of its own, so that Ctrl-C reaches it only through us. On Linux the
// kernel sends it onParentDeath if this process dies without stopping it.
func Start(cmd *exec.Cmd, onParentDeath syscall.Signal) (*Process, error) {
	detach(cmd, onParentDeath)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run keeps its thread for itself as long as the child lives: to the kernel the parent is the thread that forked,
// and a thread that Go lets go would take the child with it.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	p.err = p.cmd.Wait()
	close(p.done)
}

// PID is the process id of the program.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err tells how the program ended, nil for a clean end. It is meaningful once Done is closed.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Running says whether the program has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Stop sends the signals one after the other, giving the program the time to end after each.
//
// Safe to repeat. Errors: ErrStillRunning if it survived them all.
func (p *Process) Stop(patience time.Duration, signals ...syscall.Signal) error {
	for _, signal := range signals {
		if !p.Running() {
			return nil
		}
		// It may end before the signal arrives; waiting below finds out.
		_ = p.cmd.Process.Signal(signal)
		select {
		case <-p.done:
			return nil
		case <-time.After(patience):
		}
	}
	if p.Running() {
		return ErrStillRunning
	}
	return nil
}
