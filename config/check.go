package config

import (
	"cmp"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problem is one key that is wrong, and how to mend it.
type Problem struct {
	Key  string
	Text string
	Mend string
}

// Error says all three, and how the environment names the key.
func (p Problem) Error() string {
	text := p.Key + " " + p.Text + ": " + p.Mend
	if slices.Contains(Keys(), p.Key) {
		text += " (" + EnvName(p.Key) + ")"
	}
	return text
}

// check gathers the problems of one configuration.
type check struct{ problems []error }

func (c *check) fail(key, text, mend string) {
	c.problems = append(c.problems, Problem{Key: key, Text: text, Mend: mend})
}

// want fails unless ok.
func (c *check) want(ok bool, key, text, mend string) {
	if !ok {
		c.fail(key, text, mend)
	}
}

func number[T cmp.Ordered](c *check, key string, value, least, most T, mend string) {
	c.want(value >= least && value <= most, key, "is out of range", mend)
}

func (c *check) count(key string, value, most int) {
	number(c, key, value, 1, most, "set a number from 1 to "+strconv.Itoa(most))
}

func (c *check) duration(key string, value, least, most time.Duration) {
	number(c, key, value, least, most, "set a duration from "+least.String()+" to "+most.String())
}

func (c *check) oneOf(key, value string, allowed ...string) {
	c.want(slices.Contains(allowed, value), key, "is unknown", "set one of "+strings.Join(allowed, ", "))
}

func (c *check) address(key, value string) {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	c.want(err == nil, key, "is no address", "set host:port, such as 127.0.0.1:8080")
}

func (c *check) url(key, value string, schemes ...string) {
	u, err := url.Parse(value)
	ok := err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
	c.want(ok, key, "is no address", "set a full address that begins with "+strings.Join(schemes, ":// or ")+"://")
}

// key32 wants 32 bytes in base64.
func (c *check) key32(key, value string) {
	const size = 32
	bytes, err := base64.StdEncoding.Strict().DecodeString(value)
	c.want(err == nil && len(bytes) == size, key, "is not 32 bytes in base64", "make one with: openssl rand -base64 32")
}

// unique wants every id of a list to be there once.
func (c *check) unique(key string, ids []string) {
	seen := map[string]bool{}
	for i, id := range ids {
		at := key + "[" + strconv.Itoa(i) + "].id"
		c.want(id != "", at, "is empty", "give every entry an id")
		c.want(id == "" || !seen[id], at, "is there twice", "give every entry an id of its own")
		seen[id] = true
	}
}

func (c *check) cidr(key, value string) {
	_, err := netip.ParsePrefix(value)
	c.want(err == nil, key, "is no network", "set a CIDR such as 10.0.0.0/8")
}

func (c *check) err() error { return errors.Join(c.problems...) }
