// Package sftp is a place on an SFTP server, whose key is known beforehand. A connection
// is made for each call: calls are minutes apart, and servers end what is idle.
package sftp

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/countersign/countersign/adapters/drop"
)

// Config is one directory of one server.
type Config struct {
	Endpoint   string // host:port
	User       string
	Password   string
	PrivateKey string // PEM, without a passphrase
	HostKey    string // as in authorized_keys; no other is believed
	Folder     string
	Timeout    time.Duration // of one call; 0 = timeoutDefault
}

const timeoutDefault = 2 * time.Minute

// Place is such a directory.
type Place struct {
	config Config
	client *ssh.ClientConfig
}

var _ drop.Place = (*Place)(nil)

// Open reads the keys. Nothing is asked yet.
//
// Errors: a key that is none.
func Open(c Config) (*Place, error) {
	host, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.HostKey))
	if err != nil {
		return nil, fmt.Errorf("the host key: %w", err)
	}
	p := &Place{config: c, client: &ssh.ClientConfig{User: c.User, HostKeyCallback: ssh.FixedHostKey(host),
		HostKeyAlgorithms: algorithms(host.Type())}}
	if c.PrivateKey != "" {
		signer, err := ssh.ParsePrivateKey([]byte(c.PrivateKey))
		if err != nil {
			return nil, errors.New("the private key cannot be read; it is in PEM, without a passphrase")
		}
		p.client.Auth = append(p.client.Auth, ssh.PublicKeys(signer))
	}
	if c.Password != "" {
		p.client.Auth = append(p.client.Auth, ssh.Password(c.Password))
	}
	if p.config.Timeout == 0 {
		p.config.Timeout = timeoutDefault
	}
	return p, nil
}

// algorithms are those by which a server may show that it has the key; an RSA key is
// shown by SHA-2 only.
func algorithms(kind string) []string {
	if kind == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{kind}
}

// with makes one call of the server, whose rooms are made where they are missing.
func (p *Place) with(ctx context.Context, call func(c *sftp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	line, err := new(net.Dialer).DialContext(ctx, "tcp", p.config.Endpoint)
	if err != nil {
		return drop.Unavailable("it cannot be reached")
	}
	defer context.AfterFunc(ctx, func() { _ = line.Close() })() // ends whatever waits for an answer
	defer func() { _ = line.Close() }()
	over, channels, requests, err := ssh.NewClientConn(line, p.config.Endpoint, p.client)
	if err != nil {
		return drop.Unavailable("it is not the server that we know, or does not let us in")
	}
	client := ssh.NewClient(over, channels, requests)
	defer func() { _ = client.Close() }()
	files, err := sftp.NewClient(client)
	if err != nil {
		return drop.Unavailable("it speaks no SFTP")
	}
	// It ends with its line: to close it would wait for the server's farewell.
	for _, room := range drop.Rooms() {
		at := path.Join(p.config.Folder, string(room))
		if info, err := files.Lstat(at); err == nil && info.IsDir() {
			continue
		}
		if err := files.Mkdir(at); err != nil {
			return unavailable(err)
		}
	}
	return call(files)
}

func (p *Place) at(room drop.Room, name string) (string, error) {
	if !drop.ValidName(name) {
		return "", drop.ErrBadName
	}
	return path.Join(p.config.Folder, string(room), name), nil
}

// List lists the files of a room.
func (p *Place) List(ctx context.Context, room drop.Room) ([]drop.File, error) {
	var files []drop.File
	err := p.with(ctx, func(c *sftp.Client) error {
		entries, err := c.ReadDirContext(ctx, path.Join(p.config.Folder, string(room)))
		if err != nil {
			return unavailable(err)
		}
		for _, entry := range entries {
			if entry.Mode().IsRegular() && drop.ValidName(entry.Name()) {
				files = append(files, drop.File{Name: entry.Name(), Size: entry.Size(), Modified: entry.ModTime()})
			}
		}
		return nil
	})
	slices.SortFunc(files, func(a, b drop.File) int { return strings.Compare(a.Name, b.Name) })
	return files[:min(len(files), drop.FilesMax)], err
}

// Read reads a file.
func (p *Place) Read(ctx context.Context, room drop.Room, name string, most int64) ([]byte, error) {
	at, err := p.at(room, name)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = p.with(ctx, func(c *sftp.Client) error {
		info, err := c.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return drop.NotFound(name)
		}
		if err != nil {
			return unavailable(err)
		}
		file, err := c.Open(at)
		if err != nil {
			return unavailable(err)
		}
		defer func() { _ = file.Close() }() // it was only read
		if _, err := io.Copy(&text, io.LimitReader(file, most+1)); err != nil {
			return unavailable(err)
		}
		if int64(text.Len()) > most {
			return drop.TooLarge(name, strconv.FormatInt(most, 10))
		}
		return nil
	})
	return text.Bytes(), err
}

// Write writes a file under a hidden name, then gives it its own. SFTP's rename refuses a
// name that is taken; some servers do not, so it is looked up first.
func (p *Place) Write(ctx context.Context, room drop.Room, name string, content []byte) error {
	at, err := p.at(room, name)
	if err != nil {
		return err
	}
	draft := path.Join(path.Dir(at), "."+rand.Text()+".tmp")
	return p.with(ctx, func(c *sftp.Client) error {
		if _, err := c.Lstat(at); err == nil {
			return drop.Exists(name)
		}
		file, err := c.Create(draft)
		if err != nil {
			return unavailable(err)
		}
		_, err = file.Write(content)
		if err = errors.Join(err, file.Close()); err == nil {
			err = c.Rename(draft, at)
		}
		if err == nil {
			return nil
		}
		_ = c.Remove(draft) // what stays of it is hidden
		if _, there := c.Lstat(at); there == nil {
			return drop.Exists(name)
		}
		return unavailable(err)
	})
}

// Move renames a file.
func (p *Place) Move(ctx context.Context, from drop.Room, name string, to drop.Room, as string) error {
	old, err := p.at(from, name)
	if err != nil {
		return err
	}
	at, err := p.at(to, as)
	if err != nil {
		return err
	}
	return p.with(ctx, func(c *sftp.Client) error {
		if _, err := c.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			return drop.NotFound(name)
		}
		if err := c.Rename(old, at); err != nil {
			return unavailable(err)
		}
		return nil
	})
}

// unavailable tells the status, not the server's words, which may name paths.
func unavailable(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return drop.Unavailable("not permitted")
	case errors.Is(err, fs.ErrNotExist):
		return drop.Unavailable("the folder is not there")
	}
	if status := new(sftp.StatusError); errors.As(err, &status) {
		return drop.Unavailable("status " + strconv.FormatUint(uint64(status.Code), 10))
	}
	return drop.Unavailable("the line broke")
}
