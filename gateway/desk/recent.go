package desk

import (
	"context"
	"slices"
	"sync"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// recentMax bounds the keys remembered; the oldest are forgotten first.
const recentMax = 10_000

// recent remembers the keys of writes that harm nobody when they are done twice:
// drafts and urges. It lives as long as the process; the keys of everything that
// counts are in the database, with what they did.
type recent struct {
	mutex sync.Mutex
	seen  map[string]*remembered
	order []string
}

type remembered struct {
	fingerprint string
	made        string // id of what was made
	running     bool
}

// once does something once for a key.
//
// Errors: Conflict idempotency.reused, idempotency.running, and those of do.
func (d *Desk) once(who auth.Who, key Key, do func() (string, error)) (string, error) {
	if key.Key == "" {
		return do()
	}
	idem, err := key.of(who)
	if err != nil {
		return "", err
	}
	name := idem.Actor + "\x00" + idem.Route + "\x00" + idem.Key
	first, err := d.recent.begin(name, idem.Fingerprint)
	if err != nil || first != "" {
		return first, err
	}
	made, err := do()
	d.recent.end(name, made, err)
	return made, err
}

func (r *recent) begin(name, fingerprint string) (made string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.seen == nil {
		r.seen = map[string]*remembered{}
	}
	if before, ok := r.seen[name]; ok {
		switch {
		case before.fingerprint != fingerprint:
			return "", reused()
		case before.running:
			return "", fault.New(fault.Conflict, "idempotency.running")
		}
		return before.made, nil
	}
	if len(r.order) == recentMax {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
	r.seen[name] = &remembered{fingerprint: fingerprint, running: true}
	r.order = append(r.order, name)
	return "", nil
}

// end remembers what was made; what failed may be tried again.
func (r *recent) end(name, made string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if before, ok := r.seen[name]; ok {
		before.made, before.running = made, false
		if err != nil {
			delete(r.seen, name)
			r.order = slices.DeleteFunc(r.order, func(n string) bool { return n == name })
		}
	}
}

// NewDraft writes a new draft; the same key gives the same draft.
func (d *Desk) NewDraft(ctx context.Context, who auth.Who, c document.Content, key Key) (store.Document, error) {
	var fresh store.Document
	id, err := d.once(who, key, func() (string, error) {
		var err error
		fresh, err = d.SaveDraft(ctx, who, Draft{Content: c})
		return fresh.ID, err
	})
	if err != nil || fresh.ID != "" {
		return fresh, err
	}
	detail, err := d.Document(ctx, who, id)
	return detail.Document, err
}
