package publicnet

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
)

// Way is how we go out over HTTP: to public addresses, and to what the operator named.
// Whatever another system tells us to call is neither, unless it is public.
type Way struct {
	Named   []string    // addresses that the operator wrote, such as https://erp.corp:8443/api: they may lead anywhere
	Private bool        // so may every other
	Proxied bool        // by the environment's proxy, where there is one; names are then resolved there
	TLS     *tls.Config // whom we believe, and who we are; nil = the system's, and nobody
}

// Transport makes the way. Where a name leads is judged when the line is made.
func (w Way) Transport() *http.Transport {
	named := map[string]bool{}
	for _, address := range w.Named {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			named[door(u)] = true
		}
	}
	var proxies sync.Map
	open, closed := Dialer(true), Dialer(w.Private)
	line := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	line.TLSClientConfig = w.TLS.Clone()                    // net/http writes into it
	line.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		_, proxy := proxies.Load(address)
		if proxy || named[strings.ToLower(address)] {
			return open.DialContext(ctx, network, address)
		}
		return closed.DialContext(ctx, network, address)
	}
	line.Proxy = nil
	if w.Proxied {
		line.Proxy = func(r *http.Request) (*url.URL, error) {
			through, err := http.ProxyFromEnvironment(r)
			if through == nil || err != nil {
				return nil, err
			}
			// The proxy resolves names; what is no name can be judged here.
			to, err := netip.ParseAddr(r.URL.Hostname())
			if err == nil && !w.Private && !named[door(r.URL)] && !Public(to) {
				return nil, ErrPrivate
			}
			proxies.Store(door(through), true)
			return through, nil
		}
	}
	return line
}

// door is the host and port that an address is dialled at.
func door(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ws": "80", "socks5": "1080"}[u.Scheme]
	}
	if port == "" {
		port = "443"
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}
