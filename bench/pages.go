package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// PagesOptions say which pages are measured, and what they must keep.
type PagesOptions struct {
	URL      string   // of a running gateway with the development issuer
	People   []string // accounts; each opens every page that leads from their first one
	Requests int      // of each page
	Process  int      // whose CPU time is told, with that of what it started; 0 for none
	Out      io.Writer
	Progress func(done, of int)

	SlowestMost time.Duration // p99 of a page's time
	BytesMost   int64         // of a first visit
}

// idleFor is how long nothing is asked, to know what the process uses by itself.
const idleFor = 3 * time.Second

// RunPages opens every page that people get to by links, many times, and tells how
// long the gateway took and how much came over the wire. A first visit is the page
// with its style sheets, scripts and icons, all of it as it is served: compressed,
// with headers.
//
// Errors: a page above the goal, or one that cannot be opened.
func RunPages(ctx context.Context, o PagesOptions) error {
	var all []*pageSeen
	for _, person := range o.People {
		r, err := signInAs(ctx, o.URL, person)
		if err != nil {
			return fmt.Errorf("signing in as %s: %w", person, err)
		}
		pages, err := r.crawl(ctx)
		if err != nil {
			return fmt.Errorf("the pages of %s: %w", person, err)
		}
		all = append(all, pages...)
	}
	idle, err := o.idle(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "load average before: %s\n", loadAverage())
	for i, p := range all {
		o.Progress(i, len(all))
		if err := p.measure(ctx, o, idle); err != nil {
			return fmt.Errorf("%s of %s: %w", p.pattern, p.reader.person, err)
		}
	}
	o.Progress(len(all), len(all))
	return o.report(all)
}

// idle is the CPU time that the process uses in a second without us.
func (o PagesOptions) idle(ctx context.Context) (time.Duration, error) {
	if o.Process == 0 {
		return 0, nil
	}
	before, err := cpuOf(o.Process)
	if err != nil {
		return 0, err
	}
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	after, err := cpuOf(o.Process)
	return (after - before) / (idleFor / time.Second), err
}

// pageSeen is one kind of page, as one person sees it.
type pageSeen struct {
	reader  *reader
	pattern string
	paths   []string // of its kind: a page of one document, then of another

	took  []time.Duration
	cpu   time.Duration // a request
	first int64         // bytes of a first visit
	file  bool          // it is kept, not looked at: as large as what is in it
}

const pathsMost = 8 // pages of a kind that are opened in turn

func (p *pageSeen) measure(ctx context.Context, o PagesOptions, idle time.Duration) error {
	for _, path := range p.paths { // once for the caches, as whoever comes second finds them
		bytes, err := p.reader.firstVisit(ctx, path)
		if err != nil {
			return err
		}
		p.first, p.file = max(p.first, bytes), p.reader.file
	}
	var before time.Duration
	var err error
	if o.Process != 0 {
		if before, err = cpuOf(o.Process); err != nil {
			return err
		}
	}
	began := time.Now()
	for n := range o.Requests {
		took, err := p.reader.timed(ctx, p.paths[n%len(p.paths)])
		if err != nil {
			return err
		}
		p.took = append(p.took, took)
	}
	if o.Process != 0 {
		after, err := cpuOf(o.Process)
		if err != nil {
			return err
		}
		spent := after - before - time.Duration(float64(idle)*time.Since(began).Seconds())
		p.cpu = max(0, spent/time.Duration(o.Requests))
	}
	return nil
}

// report prints the table, and fails where the goal is missed.
func (o PagesOptions) report(all []*pageSeen) error {
	var missed []string
	fmt.Fprintf(o.Out, "load average after:  %s\n%d requests a page; times in ms, first visit in KiB\n\n",
		loadAverage(), o.Requests)
	fmt.Fprintf(o.Out, "%-8s %-58s %8s %8s %8s %8s\n", "who", "page", "p50", "p99", "cpu", "first")
	for _, p := range all {
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		mark := ""
		p50, p99 := percentile(p.took, 50), percentile(p.took, 99)
		if p99 > o.SlowestMost || p.first > o.BytesMost && !p.file {
			mark = "  ← above the goal"
			missed = append(missed, p.reader.person+" "+p.pattern)
		}
		fmt.Fprintf(o.Out, "%-8s %-58s %8.1f %8.1f %8.1f %8.1f%s\n", p.reader.person, p.pattern, ms(p50), ms(p99),
			ms(p.cpu), float64(p.first)/1024, mark)
	}
	if len(missed) > 0 {
		return errors.New("above the goal: " + strings.Join(missed, ", "))
	}
	return nil
}

// timed opens a page and tells how long it took to the last byte.
func (r *reader) timed(ctx context.Context, path string) (time.Duration, error) {
	_, err := r.open(ctx, path)
	return time.Since(r.asked), err
}

// firstVisit is how many bytes a page takes with everything it needs.
func (r *reader) firstVisit(ctx context.Context, path string) (int64, error) {
	before := r.received.Load()
	text, err := r.open(ctx, path)
	if err != nil {
		return 0, err
	}
	var needed []string
	for _, found := range assetLink.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(needed, found[1]) {
			needed = append(needed, found[1])
		}
	}
	for _, asset := range needed {
		if _, err := r.open(ctx, asset); err != nil {
			return 0, err
		}
	}
	return r.received.Load() - before, nil
}

// statusError is a page that does not open.
type statusError struct {
	path   string
	status int
}

func (e statusError) Error() string {
	return fmt.Sprintf("%s answers %d %s", e.path, e.status, http.StatusText(e.status))
}
