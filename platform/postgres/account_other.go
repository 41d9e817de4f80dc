//go:build !unix

package postgres

import (
	"errors"
	"os/exec"
)

// account is who runs the server.
type account struct{}

func chooseAccount(string) (account, error) {
	return account{}, errors.New("a private PostgreSQL runs on Linux and macOS only: " +
		"use a server of yours with --postgres <URL>")
}

func (account) apply(*exec.Cmd)         {}
func (account) own(string) error        { return nil }
func (account) checkReach(string) error { return nil }
