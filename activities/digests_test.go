package activities

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// pigeonholes are what waits for people, and the digests that were made of it.
type pigeonholes struct {
	waiting []store.DigestWaiting
	people  org.Snapshot
	wishes  map[string]notice.Wishes
	links   map[string][]store.IMLink
	days    *calendar.Calendar
	made    map[string][]notice.Channel // by id
	empty   string                      // whose things are all over
}

func (p *pigeonholes) DigestsWaiting(_ context.Context, after string, limit int) ([]store.DigestWaiting, error) {
	at := slices.IndexFunc(p.waiting, func(w store.DigestWaiting) bool { return w.Person > after })
	if at < 0 {
		return nil, nil
	}
	return p.waiting[at:min(at+limit, len(p.waiting))], nil
}

func (p *pigeonholes) MakeDigest(_ context.Context, id, person string, channels []notice.Channel) (bool, error) {
	if person == p.empty {
		return false, nil
	}
	p.made[id] = channels
	return true, nil
}

func (p *pigeonholes) WishesOf(context.Context, []string) (map[string]notice.Wishes, error) {
	return p.wishes, nil
}

func (p *pigeonholes) IMLinksOf(context.Context, []string) (map[string][]store.IMLink, error) {
	return p.links, nil
}

func (p *pigeonholes) Snapshot(context.Context, int64) (*org.Snapshot, error) { return &p.people, nil }

func (p *pigeonholes) CalendarVersions(context.Context) ([]store.CalendarVersion, error) {
	return []store.CalendarVersion{{Calendar: p.days}}, nil
}

// TestEverybodyGetsTheirDigestAtTheirHour: in the zone of their company, on its working
// days, by the way they wish, and none where there is no way or nothing to tell.
func TestEverybodyGetsTheirDigestAtTheirHour(t *testing.T) {
	office := &calendar.Calendar{ID: "office", Zone: "Asia/Shanghai"}
	for day := time.Monday; day <= time.Friday; day++ {
		office.Week[day] = []calendar.Span{{From: 9 * 60, To: 18 * 60}}
	}
	person := func(id, entity string) org.Person {
		return org.Person{ID: id, Entity: entity, Email: id + "@example.com", Active: true}
	}
	left, silent := person("left", "cn"), person("silent", "cn")
	left.Active, silent.Email = false, ""
	book := &pigeonholes{days: office, empty: "over",
		people: org.Snapshot{
			Entities: map[string]org.LegalEntity{"cn": {ID: "cn", Zone: "Asia/Shanghai", Calendar: "office"}, "de": {ID: "de", Zone: "Europe/Berlin"}},
			People: map[string]org.Person{"ann": person("ann", "cn"), "bob": person("bob", "de"), "chat": person("chat", "cn"), "late": person("late", "cn"),
				"left": left, "over": person("over", "cn"), "silent": silent, "told": person("told", "cn")}},
		wishes: map[string]notice.Wishes{"late": {DigestHour: 16}},
		links:  map[string][]store.IMLink{"chat": {{App: "wecom"}}, "ann": {{App: "gone"}}},
	}
	monday := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) // 09:00 in Shanghai, 02:00 in Berlin
	for _, id := range []string{"ann", "bob", "chat", "late", "left", "over", "silent", "told"} {
		w := store.DigestWaiting{Person: id, Oldest: monday.Add(-12 * time.Hour)}
		if id == "told" {
			w.Last = monday
		}
		book.waiting = append(book.waiting, w)
	}
	at := func(now time.Time) map[string][]notice.Channel {
		book.made = map[string][]notice.Channel{}
		d := &Digests{Book: book, Manners: notice.Manners{DigestHour: 9, Working: true}, Zone: time.UTC, Apps: []string{"wecom"}, Mail: true,
			Now: func() time.Time { return now }}
		out, err := d.MakeDigests(t.Context(), DigestsInput{})
		require.NoError(t, err)
		require.Equal(t, DigestsMade{Made: len(book.made)}, out)
		return book.made
	}
	mail := []notice.Channel{notice.Mail}
	require.Equal(t, map[string][]notice.Channel{"digest.ann.20261123T0900": mail,
		"digest.chat.20261123T0900": {notice.App, notice.Mail}}, at(monday))
	require.NotContains(t, at(monday.Add(-time.Minute)), "digest.ann.20261123T0859")
	require.Contains(t, at(monday.Add(7*time.Hour)), "digest.late.20261123T1600")
	require.Contains(t, at(monday.Add(7*time.Hour)), "digest.bob.20261123T0900")
	require.Empty(t, at(monday.Add(-24*time.Hour)), "a Sunday")
}

// TestDigestsGoOnAfterAPage holds that nobody is left out where many wait.
func TestDigestsGoOnAfterAPage(t *testing.T) {
	book := &pigeonholes{days: &calendar.Calendar{}, made: map[string][]notice.Channel{}, people: org.Snapshot{People: map[string]org.Person{}}}
	for i := range 250 {
		id := string([]rune{'a' + rune(i/26), 'a' + rune(i%26)})
		book.people.People[id] = org.Person{ID: id, Email: id + "@example.com", Active: true}
		book.waiting = append(book.waiting, store.DigestWaiting{Person: id})
	}
	d := &Digests{Book: book, Manners: notice.Manners{DigestHour: 9}, Zone: time.UTC, Mail: true}
	in, calls := DigestsInput{}, 0
	for {
		out, err := d.MakeDigests(t.Context(), in)
		require.NoError(t, err)
		if calls++; out.Next == "" {
			break
		}
		in.After = out.Next
	}
	require.Equal(t, 3, calls)
	require.Len(t, book.made, 250)
}
