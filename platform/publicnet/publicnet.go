// Package publicnet keeps requests that go where somebody told us to from reaching our
// own network.
package publicnet

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ErrPrivate is the answer to a connection into a private network.
var ErrPrivate = errors.New("the address lies in a private network")

const dialMax = 5 * time.Second

// Dialer connects to public addresses only, but for private. Where a name leads is judged
// when the connection is made, so no name server's answer in between leads elsewhere.
func Dialer(private bool) *net.Dialer {
	return &net.Dialer{Timeout: dialMax, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !private && !Public(to.Addr().Unmap()) {
			return ErrPrivate
		}
		return nil
	}}
}

// shared are the addresses of carriers, RFC 6598.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// Public says whether an address is anybody's on the internet.
func Public(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !shared.Contains(a)
}
