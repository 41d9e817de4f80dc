//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// detach cannot tie the child's life to ours here: whoever starts one must look for an orphan of the last time.
func detach(cmd *exec.Cmd, _ syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}
