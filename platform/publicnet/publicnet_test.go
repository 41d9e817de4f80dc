package publicnet_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/publicnet"
)

// TestWhatIsPublic proves which addresses nobody is led to, in whichever form they are written.
func TestWhatIsPublic(t *testing.T) {
	for _, inside := range []string{"127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
		"0.1.2.3", "100.64.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
		"::10.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2001::1", "2002:a00:1::1", "fe80::1",
		"fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"} {
		require.False(t, publicnet.Public(netip.MustParseAddr(inside)), inside)
	}
	for _, public := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "223.5.5.5", "2606:4700:4700::1111", "2400:3200::1"} {
		require.True(t, publicnet.Public(netip.MustParseAddr(public)), public)
	}
}
