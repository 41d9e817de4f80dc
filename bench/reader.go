package bench

import (
	"compress/gzip"
	"context"
	"errors"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// reader is one person's browser.
type reader struct {
	base     string
	person   string
	client   *http.Client
	received atomic.Int64 // bytes that came over the wire, headers among them
	asked    time.Time    // when the last page was asked for
	file     bool         // the last page that was visited is a file to keep
}

const pageMost = 16 << 20 // bytes that are read of a page

// countingConn counts what comes.
type countingConn struct {
	net.Conn
	received *atomic.Int64
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.Add(int64(n))
	return n, err
}

// signInAs chooses a person at the development issuer.
func signInAs(ctx context.Context, base, person string) (*reader, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	r := &reader{base: strings.TrimSuffix(base, "/"), person: person}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	r.client = &http.Client{Jar: jar, Transport: &http.Transport{
		DisableCompression: true, // it is asked for, and undone here: what came is counted
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			return countingConn{conn, &r.received}, err
		},
	}}
	asked, err := r.get(ctx, "/login/dev?return_to=%2F")
	if err != nil {
		return nil, err
	}
	_ = asked.Body.Close()
	form := asked.Request.URL.Query()
	if !form.Has("client_id") {
		return nil, errors.New("the gateway has no development issuer")
	}
	form.Set("sub", person)
	there := *asked.Request.URL
	there.RawQuery = ""
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, there.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, statusError{there.Path, answer.StatusCode}
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return r, err
}

// pace is how long somebody waits whom the gateway tells that they ask too often.
const (
	pace     = time.Second
	pacesMax = 120
)

// get asks for a page, as often as the gateway lets one.
func (r *reader) get(ctx context.Context, path string) (answer *http.Response, err error) {
	for range pacesMax {
		answer, err = r.ask(ctx, path)
		if err != nil || answer.StatusCode != http.StatusTooManyRequests {
			break
		}
		_ = answer.Body.Close()
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return answer, err
}

func (r *reader) ask(ctx context.Context, path string) (*http.Response, error) {
	r.asked = time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/html,*/*")
	request.Header.Set("Accept-Encoding", "gzip")
	request.Header.Set("Accept-Language", "zh-CN")
	return r.client.Do(request)
}

// open reads a page to its end.
func (r *reader) open(ctx context.Context, path string) (string, error) {
	answer, err := r.get(ctx, path)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body := io.Reader(answer.Body)
	if answer.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(answer.Body); err != nil {
			return "", err
		}
	}
	text, err := io.ReadAll(io.LimitReader(body, pageMost))
	if err != nil {
		return "", err
	}
	if answer.StatusCode != http.StatusOK {
		return "", statusError{path, answer.StatusCode}
	}
	r.file = strings.HasPrefix(answer.Header.Get("Content-Disposition"), "attachment")
	return string(text), nil
}

var (
	assetLink = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)
	pageLink  = regexp.MustCompile(`<a [^>]*href="(/[^"#]*)`)
	idInPath  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	reference = regexp.MustCompile(`/v:[^/?]*`)
)

// notPages begin the addresses of files, ways out, and what is no page of a person.
var notPages = []string{
	"/assets/", "/audit/export", "/attachments/", "/api/", "/docs", "/login", "/logout", "/dev/", "/language",
}

// searches are what people type, beside what links lead to: a common word, a rare
// title, a number's beginning and end, somebody's name, and nothing there is.
var searches = []string{"差旅", "软件许可年费 345", "EXP-2025-000", "4711", "林晓", "没有这样的标题"}

const (
	clicks      = 2   // links from the first page
	patternsMax = 100 // kinds of page of one person
)

// crawl finds the pages that a person gets to, by kind.
func (r *reader) crawl(ctx context.Context) ([]*pageSeen, error) {
	kinds := map[string]*pageSeen{}
	next := []string{"/"}
	for _, word := range searches {
		for _, of := range []string{"", "all"} {
			next = append(next, "/documents?"+url.Values{"q": {word}, "of": {of}}.Encode())
		}
	}
	seen := map[string]bool{}
	for range clicks + 1 {
		var links []string
		for _, path := range next {
			if seen[path] || !r.wanted(kinds, path) {
				continue
			}
			seen[path] = true
			text, err := r.open(ctx, path)
			var refused statusError
			if errors.As(err, &refused) && refused.status < http.StatusInternalServerError {
				continue // somebody else's, or no page
			}
			if err != nil {
				return nil, err
			}
			r.take(kinds, path)
			for _, found := range pageLink.FindAllStringSubmatch(text, -1) {
				links = append(links, html.UnescapeString(found[1]))
			}
		}
		next = links
	}
	var all []*pageSeen
	for _, pattern := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, kinds[pattern])
	}
	return all, nil
}

// wanted says whether a link leads to a page of a kind that is not known well enough.
func (r *reader) wanted(kinds map[string]*pageSeen, path string) bool {
	if slices.ContainsFunc(notPages, func(begin string) bool { return strings.HasPrefix(path, begin) }) {
		return false
	}
	known := kinds[patternOf(path)]
	return known == nil && len(kinds) < patternsMax || known != nil && len(known.paths) < pathsMost
}

func (r *reader) take(kinds map[string]*pageSeen, path string) {
	pattern := patternOf(path)
	if kinds[pattern] == nil {
		kinds[pattern] = &pageSeen{reader: r, pattern: pattern}
	}
	kinds[pattern].paths = append(kinds[pattern].paths, path)
}

// patternOf is the kind of a page: its address without ids and cursors.
func patternOf(path string) string {
	address, err := url.Parse(path)
	if err != nil {
		return path
	}
	kind := reference.ReplaceAllString(idInPath.ReplaceAllString(address.Path, ":id"), "/:reference")
	var asked []string
	query := address.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		value := query.Get(name)
		if name == "cursor" {
			value = "…"
		}
		if value != "" {
			asked = append(asked, name+"="+idInPath.ReplaceAllString(value, ":id"))
		}
	}
	if len(asked) > 0 {
		kind += "?" + strings.Join(asked, "&")
	}
	return kind
}

// loadAverage is what else the machine does.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
