//go:build !unix

package process

import (
	"os/exec"
	"syscall"
)

func detach(*exec.Cmd, syscall.Signal) {}
