package relay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// calendarsFor is how long calendars are used before they are read again.
const calendarsFor = 30 * time.Second

// addressees are the people of a batch, as far as it matters how they are told.
type addressees struct {
	*Post
	people *org.Snapshot
	wishes map[string]notice.Wishes
	links  map[string][]store.IMLink
	days   map[string]*calendar.Calendar // by person
}

// addressees reads about people, all at once.
func (p *Post) addressees(ctx context.Context, ids []string) (*addressees, error) {
	a := &addressees{Post: p, days: map[string]*calendar.Calendar{}}
	var err error
	if a.people, err = p.Mail.Directory.Snapshot(ctx, 0); err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	if a.wishes, err = p.Book.WishesOf(ctx, ids); err != nil {
		return nil, err
	}
	if p.Cards != nil {
		if a.links, err = p.Book.IMLinksOf(ctx, ids); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		person := a.people.People[id]
		if a.days[id], err = p.calendar(ctx, a.people.Entities[person.Entity].Calendar); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// calendar is one of the calendars in force; nil where there is none by that name.
func (p *Post) calendar(ctx context.Context, id string) (*calendar.Calendar, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.loaded) > calendarsFor {
		all, err := p.Book.CalendarVersions(ctx)
		if err != nil {
			return nil, err
		}
		p.calendars = map[string]*calendar.Calendar{}
		for _, one := range all {
			p.calendars[one.Calendar.ID] = one.Calendar
		}
		p.loaded = time.Now()
	}
	return p.calendars[id], nil
}

// plan settles what becomes of what is due, whoever it is for.
func (p *Post) plan(ctx context.Context, due []store.Notice,
	settle func(context.Context, []store.Notice, store.Planner) ([]store.Delivery, error),
	reach func([]notice.Channel) []notice.Channel) ([]store.Delivery, error) {
	if len(due) == 0 {
		return nil, nil
	}
	waiting := map[string][]notice.Waiting{}
	var ids []string
	for _, n := range due {
		if _, known := waiting[n.Person]; !known {
			ids = append(ids, n.Person)
		}
		waiting[n.Person] = append(waiting[n.Person], notice.Waiting{ID: n.ID, Kind: n.Kind, Urgent: n.Urgent})
	}
	to, err := p.addressees(ctx, ids)
	if err != nil {
		return nil, err
	}
	return settle(ctx, due, func(now time.Time, told map[string][]time.Time) map[string]notice.Plan {
		plans := map[string]notice.Plan{}
		for person, these := range waiting {
			plans[person] = to.plan(person, these, now, told[person], reach)
		}
		return plans
	})
}

// plan is what becomes of what is due to one person.
func (a *addressees) plan(id string, due []notice.Waiting, now time.Time, told []time.Time,
	reach func([]notice.Channel) []notice.Channel) notice.Plan {
	person, known := a.people.People[id]
	if !known || !person.Active {
		var p notice.Plan
		for _, n := range due {
			p.Hold = append(p.Hold, notice.Held{ID: n.ID, Why: notice.Nobody})
		}
		return p
	}
	w := a.wishes[id]
	s := notice.Situation{Now: now, Zone: a.Mail.zoneOf(person, a.people), Spent: told, Working: true,
		Reach: a.reach(person)}
	if days := a.days[id]; days != nil {
		working, err := days.AtWork(now)
		s.Working = working || err != nil // a calendar that says nothing keeps nothing away
	}
	if again := reach(w.Channels(notice.Ordinary, s.Reach)); len(again) < len(s.Reach) {
		s.Reach = again
	}
	return a.Manners.Plan(due, w, s)
}

// reach is by what somebody can be told.
func (a *addressees) reach(person org.Person) (channels []notice.Channel) {
	if a.Cards != nil && slices.ContainsFunc(a.links[person.ID], a.Cards.serves) {
		channels = append(channels, notice.App)
	}
	if a.Mail.Sender != nil && person.Email != "" {
		channels = append(channels, notice.Mail)
	}
	return channels
}
