//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who runs the server: ourselves, or another when we are root, as which PostgreSQL refuses to run.
type account struct {
	name     string // empty: ourselves
	uid, gid uint32
}

// chooseAccount takes the owner of existing data, then the usual one, then the one without rights. PostgreSQL needs
// an entry in the passwd file, so a bare number does not do.
func chooseAccount(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	if info, err := os.Stat(data); err == nil {
		uid := info.Sys().(*syscall.Stat_t).Uid
		if owner, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil && uid != 0 {
			return accountOf(owner)
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return accountOf(found)
		}
	}
	return account{}, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody: " +
		"run as an ordinary user")
}

func accountOf(u *user.User) (account, error) {
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", u.Username, err)
	}
	return account{name: u.Username, uid: uint32(uid), gid: uint32(gid)}, nil
}

// apply makes a command run as the account.
func (a account) apply(cmd *exec.Cmd) {
	if a.name == "" {
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.uid, Gid: a.gid}}
}

// own gives a file or directory to the account.
func (a account) own(path string) error {
	if a.name == "" {
		return nil
	}
	return os.Chown(path, int(a.uid), int(a.gid))
}

// checkReach finds the directory on the way that the account may not pass; PostgreSQL's own words about it mislead.
// What does not exist yet will be made open.
func (a account) checkReach(dir string) error {
	if a.name == "" {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err == nil && !a.maySearch(info) {
			return &UnreachableError{Dir: dir, Closed: at, Account: a.name}
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

func (a account) maySearch(info os.FileInfo) bool {
	const searchOwner, searchGroup, searchOthers = 0o100, 0o010, 0o001
	stat := info.Sys().(*syscall.Stat_t)
	switch {
	case stat.Uid == a.uid:
		return info.Mode()&searchOwner != 0
	case stat.Gid == a.gid:
		return info.Mode()&searchGroup != 0
	default:
		return info.Mode()&searchOthers != 0
	}
}
