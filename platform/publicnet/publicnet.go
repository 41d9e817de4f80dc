// Package publicnet keeps requests that go where somebody told us to from reaching our
// own network.
package publicnet

import (
	"errors"
	"net"
	"net/netip"
	"slices"
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

// special are addresses that look like anybody's and are not, or that lead to one of those
// which are not: RFC 6890, and IPv6 that carries IPv4.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // of carriers, RFC 6598
	netip.MustParsePrefix("192.0.0.0/24"),    // of protocols
	netip.MustParsePrefix("192.0.2.0/24"),    // of documents, and the next two
	netip.MustParsePrefix("198.51.100.0/24"), //
	netip.MustParsePrefix("203.0.113.0/24"),  //
	netip.MustParsePrefix("198.18.0.0/15"),   // of measurements
	netip.MustParsePrefix("240.0.0.0/4"),     // kept back
	netip.MustParsePrefix("::/96"),           // IPv4 in IPv6, as it was
	netip.MustParsePrefix("64:ff9b::/96"),    // NAT64, RFC 6052
	netip.MustParsePrefix("64:ff9b:1::/48"),  // the same inside a network
	netip.MustParsePrefix("2001::/32"),       // Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // of documents
	netip.MustParsePrefix("2002::/16"),       // 6to4
	netip.MustParsePrefix("fec0::/10"),       // of a site, as it was
}

// Public says whether an address is anybody's on the internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() &&
		!slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}
