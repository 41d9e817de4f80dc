package desk

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// The limits of looking on.
const (
	FollowersMost = 6    // pages of one person that a gateway tells of changes
	followersAll  = 5000 // pages of everybody
	BadgeMost     = 99   // as far as a badge counts

	lookEvery = 2 * time.Second
	lookShare = 20 // a look takes one part in so many of the time at most
)

var _ = fault.Register(map[string]fault.Entry{
	"inbox.too_many_pages": {Kind: fault.Busy, Status: http.StatusTooManyRequests, Args: []string{"max"}},
})

// lookout tells open pages what changes in inboxes. Each gateway looks for itself, at
// the inboxes of all who look on at once, along the index of open tasks. It needs no
// word from whoever changes them: NOTIFY would make every transition's commit wait for
// the one before it, and be lost where nobody listens.
type lookout struct {
	mutex     sync.Mutex
	followers map[*Follower]bool
	shut      bool // nobody looks any more
}

// Follower is a page that is told what changes in its reader's inbox.
type Follower struct {
	News <-chan Inbox // the newest only; closed when the session has ended, or the house closes

	news    chan Inbox
	who     auth.Who
	inboxes []string // theirs, their queues', and those for whom they decide
	mark    int64
	told    bool
}

// Inbox is how an inbox stands. The mark changes whenever a task comes or goes, or a
// deadline moves.
type Inbox struct {
	Waiting int64 // up to BadgeMost + 1
	Mark    int64
}

// Inbox is how somebody's inbox stands now.
func (d *Desk) Inbox(ctx context.Context, who auth.Who) (Inbox, error) {
	inboxes, err := d.inboxes(ctx, who)
	if err != nil {
		return Inbox{}, err
	}
	seen, err := d.Store.Glance(ctx, inboxes)
	if err != nil {
		return Inbox{}, err
	}
	return d.inboxSeen(ctx, who, inboxes, seen)
}

// inboxes are those in which somebody's tasks wait.
func (d *Desk) inboxes(ctx context.Context, who auth.Who) ([]string, error) {
	if _, err := needAny(who, access.TaskDecide); err != nil {
		return nil, err
	}
	principals, err := d.principals(ctx, who)
	return append(access.Inboxes(who.Subject), principals...), err
}

// inboxSeen counts what was seen at a glance. Of queues and of others' tasks one sees a
// part: what they come to is counted.
func (d *Desk) inboxSeen(ctx context.Context, who auth.Who, inboxes []string, seen map[string]store.Waiting) (
	Inbox, error) {
	inbox := Inbox{Mark: markOf(inboxes, seen)}
	if len(inboxes) == 1 || len(seen) == 0 {
		inbox.Waiting = min(seen[who.Person.ID].Tasks, BadgeMost+1)
		return inbox, nil
	}
	f, err := d.inboxOf(ctx, who, store.TaskFilter{TotalMost: BadgeMost + 1})
	if err != nil {
		return inbox, err
	}
	inbox.Waiting, err = d.Store.CountTasks(ctx, f)
	return inbox, err
}

func markOf(inboxes []string, seen map[string]store.Waiting) int64 {
	var mark int64
	for _, name := range inboxes {
		mark = mark*31 + seen[name].Mark
	}
	return mark
}

// Follow has a page told how its reader's inbox stands, at first and after every
// change, until Leave. It asks LookOut to be running.
//
// Errors: Busy inbox.too_many_pages.
func (d *Desk) Follow(ctx context.Context, who auth.Who) (*Follower, error) {
	inboxes, err := d.inboxes(ctx, who)
	if err != nil {
		return nil, err
	}
	f := &Follower{news: make(chan Inbox, 1), who: who, inboxes: inboxes}
	f.News = f.news
	l := &d.lookout
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.shut {
		close(f.news)
		return f, nil
	}
	own := 0
	for o := range l.followers {
		if o.who.Person.ID == who.Person.ID {
			own++
		}
	}
	if own >= FollowersMost || len(l.followers) >= followersAll {
		return nil, fault.New(fault.Busy, "inbox.too_many_pages", fault.Arg("max", strconv.Itoa(FollowersMost)))
	}
	if l.followers == nil {
		l.followers = map[*Follower]bool{}
	}
	l.followers[f] = true
	return f, nil
}

// Leave tells a page nothing more.
//
// Safe to repeat.
func (d *Desk) Leave(f *Follower) {
	d.lookout.mutex.Lock()
	defer d.lookout.mutex.Unlock()
	d.lookout.drop(f)
}

// drop forgets a follower; the mutex is held.
func (l *lookout) drop(f *Follower) {
	if l.followers[f] {
		delete(l.followers, f)
		close(f.news)
	}
}

// all are those who look on now.
func (l *lookout) all() []*Follower {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	list := make([]*Follower, 0, len(l.followers))
	for f := range l.followers {
		list = append(list, f)
	}
	return list
}

// LookOut tells followers what changes until the context ends; then it lets them all
// go, and follows nobody any more. Once a process.
func (d *Desk) LookOut(ctx context.Context) {
	defer func() {
		d.lookout.mutex.Lock()
		defer d.lookout.mutex.Unlock()
		d.lookout.shut = true
		for f := range d.lookout.followers {
			d.lookout.drop(f)
		}
	}()
	pause := time.NewTimer(lookEvery)
	defer pause.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		began := time.Now()
		err := d.look(ctx, d.lookout.all())
		if err != nil && !failing && ctx.Err() == nil {
			slog.WarnContext(ctx, "open pages are not told of changes", "error", err.Error())
		}
		failing = err != nil
		pause.Reset(max(lookEvery, lookShare*time.Since(began)))
	}
}

// look finds what changed for those who look on, and ends those whose session has.
func (d *Desk) look(ctx context.Context, followers []*Follower) error {
	if len(followers) == 0 {
		return nil
	}
	ended, err := d.ended(ctx, followers)
	if err != nil {
		return err
	}
	var inboxes []string
	for _, f := range followers {
		inboxes = append(inboxes, f.inboxes...)
	}
	slices.Sort(inboxes)
	seen, err := d.Store.Glance(ctx, slices.Compact(inboxes))
	if err != nil {
		return err
	}
	for _, f := range followers {
		if ended[f] {
			d.Leave(f)
			continue
		}
		if mark := markOf(f.inboxes, seen); f.told && mark == f.mark {
			continue
		}
		inbox, err := d.inboxSeen(ctx, f.who, f.inboxes, seen)
		if err != nil {
			return err
		}
		f.mark, f.told = inbox.Mark, true
		d.lookout.tell(f, inbox)
	}
	return nil
}

// tell puts news in the place of news that nobody has taken yet.
func (l *lookout) tell(f *Follower, inbox Inbox) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.followers[f] {
		return
	}
	select {
	case <-f.news:
	default:
	}
	f.news <- inbox
}

// ended are the followers whose session is over, or who left.
func (d *Desk) ended(ctx context.Context, followers []*Follower) (map[*Follower]bool, error) {
	var hashes []string
	for _, f := range followers {
		if f.who.Session != "" {
			hashes = append(hashes, f.who.Session)
		}
	}
	alive, err := d.Store.Sessions().Alive(ctx, hashes)
	if err != nil {
		return nil, err
	}
	people, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	signedIn := map[string]bool{"": true} // a token's is none
	for _, hash := range alive {
		signedIn[hash] = true
	}
	ended := map[*Follower]bool{}
	for _, f := range followers {
		ended[f] = !signedIn[f.who.Session] || !people.Active(f.who.Person.ID)
	}
	return ended, nil
}
