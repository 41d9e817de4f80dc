package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/store"
)

// digestsAtOnce is how many people one call looks at.
const digestsAtOnce = 100

// Digests are the activities that begin digests; the relay sends them. 每日汇总
type Digests struct {
	Book    DigestBook
	Manners notice.Manners
	Zone    *time.Location // of people whose entity has none
	Apps    []string       // that are configured
	Mail    bool           // there is a mail server
	Now     func() time.Time
}

// DigestBook is the part of the store that Digests needs.
type DigestBook interface {
	DigestsWaiting(ctx context.Context, after string, limit int) ([]store.DigestWaiting, error)
	MakeDigest(ctx context.Context, id, person string, channels []notice.Channel) (bool, error)
	WishesOf(ctx context.Context, people []string) (map[string]notice.Wishes, error)
	IMLinksOf(ctx context.Context, people []string) (map[string][]store.IMLink, error)
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
	CalendarVersions(ctx context.Context) ([]store.CalendarVersion, error)
}

// DigestsInput is after whom to go on.
type DigestsInput struct {
	After string `json:"after,omitempty"`
}

// DigestsMade is how far one call came.
type DigestsMade struct {
	Made int    `json:"made"`
	Next string `json:"next,omitempty"` // after whom to go on; "" where nobody is left
}

// MakeDigests begins the digests that are due, of some people. Where nothing is left to
// tell there is none.
//
// Safe to repeat: whoever got one today gets no other.
func (d *Digests) MakeDigests(ctx context.Context, in DigestsInput) (DigestsMade, error) {
	made, err := d.make(ctx, in)
	return made, wire.Out(err)
}

func (d *Digests) make(ctx context.Context, in DigestsInput) (DigestsMade, error) {
	waiting, err := d.Book.DigestsWaiting(ctx, in.After, digestsAtOnce)
	if err != nil || len(waiting) == 0 {
		return DigestsMade{}, err
	}
	var ids []string
	for _, one := range waiting {
		ids = append(ids, one.Person)
	}
	people, err := d.Book.Snapshot(ctx, 0)
	if err != nil {
		return DigestsMade{}, err
	}
	wishes, err := d.Book.WishesOf(ctx, ids)
	if err != nil {
		return DigestsMade{}, err
	}
	links, err := d.Book.IMLinksOf(ctx, ids)
	if err != nil {
		return DigestsMade{}, err
	}
	calendars, err := d.calendars(ctx)
	if err != nil {
		return DigestsMade{}, err
	}
	var out DigestsMade
	now := d.now()
	for _, one := range waiting {
		to := people.People[one.Person]
		w, entity := wishes[one.Person], people.Entities[to.Entity]
		channels := w.Channels(notice.Ordinary, d.reach(to, links[one.Person]))
		zone := d.zoneOf(entity)
		due := d.Manners.DigestDue(w, notice.Digest{Now: now, Oldest: one.Oldest, Last: one.Last, Zone: zone,
			Works: func(date calendar.Date) bool { return worked(calendars[entity.Calendar], date) }})
		if !to.Active || len(channels) == 0 || !due {
			continue
		}
		id := fmt.Sprintf("digest.%s.%s", one.Person, now.In(zone).Format("20060102T1504"))
		made, err := d.Book.MakeDigest(ctx, id, one.Person, channels)
		if err != nil {
			return DigestsMade{}, err
		}
		if made {
			out.Made++
		}
	}
	if len(waiting) == digestsAtOnce {
		out.Next = waiting[len(waiting)-1].Person
	}
	return out, nil
}

func (d *Digests) calendars(ctx context.Context) (map[string]*calendar.Calendar, error) {
	all, err := d.Book.CalendarVersions(ctx)
	byID := map[string]*calendar.Calendar{}
	for _, one := range all {
		byID[one.Calendar.ID] = one.Calendar
	}
	return byID, err
}

// worked says whether a date is worked; without a calendar every day is.
func worked(days *calendar.Calendar, date calendar.Date) bool {
	if days == nil {
		return true
	}
	works, _, err := days.Workday(date)
	return works || err != nil
}

func (d *Digests) reach(to org.Person, links []store.IMLink) (channels []notice.Channel) {
	if slices.ContainsFunc(links, func(l store.IMLink) bool { return slices.Contains(d.Apps, l.App) }) {
		channels = append(channels, notice.App)
	}
	if d.Mail && to.Email != "" {
		channels = append(channels, notice.Mail)
	}
	return channels
}

func (d *Digests) zoneOf(entity org.LegalEntity) *time.Location {
	if zone, err := time.LoadLocation(entity.Zone); err == nil && entity.Zone != "" {
		return zone
	}
	return d.Zone
}

func (d *Digests) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}
