// Package imtest holds a provider to what package port promises, before a simulator
// of its platform. What a platform cannot do, it is not asked for: Capabilities say.
package imtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// Fixture is one app before a fresh simulator. A nil function is something that the
// platform does not have; the promises that need it are not asked for.
type Fixture struct {
	Port     port.Port
	To       string // somebody whom the app may reach
	Other    string // somebody else
	Stranger string // somebody whom it may not reach

	// Seen are the cards in somebody's hand, the oldest first.
	Seen func(to string) []Seen
	// Press is the callback of somebody who presses a button of a card, with a reason
	// where the platform asks for one.
	Press func(t *testing.T, who string, card port.Card, pressed port.Button, reason string) port.Request
	// Stale is a callback that was made long ago, and is signed as it was then.
	Stale func(t *testing.T) port.Request
	// Check is the request by which the platform proves an address, and the answer's body.
	Check func(t *testing.T) (port.Request, string)

	Lose  func() // the next Send is done, and its answer lost
	Limit func() // the next Send is refused for being one too many
	Fail  func() // the next Send fails with a server's error, and nothing is done
	End   func() // the tokens that the app holds end before their time

	SignIn func(who string) string // a code of a sign-in

	// Unsigned are the parts that a signature covers beside the body, as changes to a
	// callback: each must make it one that is not theirs.
	Unsigned map[string]func(r *port.Request)
}

// Seen is a card as somebody sees it.
type Seen struct {
	Text    string   // everything that is read on it
	Buttons []string // the words that can be pressed
	Links   []string // where it leads
}

// Run asks every promise, each with a fixture of its own.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	for name, promise := range map[string]func(*testing.T, Fixture){
		"a card is shown":                         shown,
		"a card that opens only":                  opensOnly,
		"a stranger is refused":                   stranger,
		"a card changes":                          changes,
		"a card changes no more than it may":      changesAtMost,
		"a repeat is shown once":                  repeats,
		"what was lost may have been sent":        lost,
		"one too many is sent later":              limited,
		"a server's error is told":                failed,
		"a token that ended is renewed":           renewed,
		"a press is heard":                        heard,
		"each press brings the means of a change": pressed,
		"a press by somebody else names them":     forwarded,
		"nothing forged is heard":                 forged,
		"nothing stale is heard":                  stale,
		"the address is proved":                   proved,
		"people are listed":                       people,
		"a sign-in names somebody, once":          signIn,
		"no secret is shown":                      secrets,
	} {
		t.Run(name, func(t *testing.T) { promise(t, open(t)) })
	}
}

// Asked is a card that asks somebody to decide.
func Asked(id string) port.Card {
	return port.Card{
		ID: id, Locale: "zh-CN", Title: "EXP-2026-000123 差旅费 <b>&amp;</b>", Summary: "王芳提交的报销单",
		Rows:    []port.Row{{Name: "金额", Value: "820.00 CNY"}, {Name: "收款方", Value: "李*娜 _x_ \"'"}},
		Buttons: []port.Button{{Verdict: port.Approve, Words: "同意", Token: "tok-" + id}},
		Link:    "https://approvals.example.com/documents/d1", Open: "查看详情",
	}
}

func ended(id string) port.Card {
	c := Asked(id)
	c.Buttons, c.State = nil, "已由李娜同意"
	return c
}

func only(t *testing.T, f Fixture, to string) Seen {
	t.Helper()
	list := f.Seen(to)
	require.Len(t, list, 1)
	return list[0]
}

func shown(t *testing.T, f Fixture) {
	card := Asked("c1")
	sent, err := f.Port.Send(t.Context(), f.To, card)
	require.NoError(t, err)
	require.Equal(t, f.To, sent.To)
	require.Equal(t, card.ID, sent.Card)
	seen := only(t, f, f.To)
	for _, words := range []string{card.Title, card.Summary, "820.00 CNY", "李*娜 _x_ \"'"} {
		require.Contains(t, seen.Text, words)
	}
	require.Contains(t, seen.Buttons, "同意")
	require.Contains(t, seen.Links, card.Link)
	require.Empty(t, f.Seen(f.Other))
	require.NotContains(t, seen.Text, card.Buttons[0].Token)
}

func opensOnly(t *testing.T, f Fixture) {
	card := Asked("c1")
	card.Buttons = []port.Button{{Verdict: port.Reject, Words: "拒绝", Link: card.Link + "?verdict=reject"}}
	sent, err := f.Port.Send(t.Context(), f.To, card)
	require.NoError(t, err)
	seen := only(t, f, f.To)
	require.NotContains(t, seen.Buttons, "拒绝", "it opens a page")
	require.Contains(t, seen.Links, card.Link+"?verdict=reject")
	card.Buttons = nil
	card.ID = "c2"
	_, err = f.Port.Send(t.Context(), f.To, card)
	require.NoError(t, err)
	require.NoError(t, f.Port.Update(t.Context(), sent, ended("c1")))
	require.Contains(t, f.Seen(f.To)[0].Text, "已由李娜同意")
}

func stranger(t *testing.T, f Fixture) {
	_, err := f.Port.Send(t.Context(), f.Stranger, Asked("c1"))
	require.Equal(t, port.CodeNobody, fault.CodeOf(err), "%v", err)
}

func changes(t *testing.T, f Fixture) {
	sent, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.NoError(t, err)
	require.NoError(t, f.Port.Update(t.Context(), sent, ended("c1")))
	seen := only(t, f, f.To)
	require.Contains(t, seen.Text, "已由李娜同意")
	require.NotContains(t, seen.Buttons, "同意")
}

func changesAtMost(t *testing.T, f Fixture) {
	most := f.Port.Capabilities().Updates
	sent, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.NoError(t, err)
	for range most {
		require.NoError(t, f.Port.Update(t.Context(), sent, ended("c1")))
	}
	if most > 0 {
		err = f.Port.Update(t.Context(), sent, ended("c1"))
		require.Equal(t, port.CodeCardGone, fault.CodeOf(err), "%v", err)
	}
}

func repeats(t *testing.T, f Fixture) {
	if !f.Port.Capabilities().FoldsRepeats {
		return // said, and the caller's to live with
	}
	for range 2 {
		_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
		require.NoError(t, err)
	}
	only(t, f, f.To)
}

func lost(t *testing.T, f Fixture) {
	f.Lose()
	_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	if err == nil { // it looked for the card itself
		only(t, f, f.To)
		return
	}
	require.Equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
	if f.Port.Capabilities().FoldsRepeats {
		_, err = f.Port.Send(t.Context(), f.To, Asked("c1"))
		require.NoError(t, err)
		only(t, f, f.To)
	}
}

func limited(t *testing.T, f Fixture) {
	f.Limit()
	_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.Equal(t, fault.Busy, fault.KindOf(err), "%v", err)
	require.Empty(t, f.Seen(f.To))
	_, err = f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.NoError(t, err)
}

func failed(t *testing.T, f Fixture) {
	f.Fail()
	_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.Contains(t, []fault.Kind{fault.Busy, fault.Unknown}, fault.KindOf(err), "%v", err)
}

func renewed(t *testing.T, f Fixture) {
	_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.NoError(t, err)
	if f.End == nil {
		return
	}
	f.End()
	_, err = f.Port.Send(t.Context(), f.To, Asked("c2"))
	require.NoError(t, err)
	require.Len(t, f.Seen(f.To), 2)
}

// press sends a card and has it pressed.
func press(t *testing.T, f Fixture, who string) (port.Card, port.Request) {
	t.Helper()
	card := Asked("c1")
	_, err := f.Port.Send(t.Context(), f.To, card)
	require.NoError(t, err)
	return card, f.Press(t, who, card, card.Buttons[0], "")
}

func hear(t *testing.T, f Fixture, r port.Request) (port.Heard, port.Click) {
	t.Helper()
	got, err := f.Port.Hear(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, got.Clicks, 1)
	require.NotNil(t, got.Reply)
	return got, got.Clicks[0]
}

func heard(t *testing.T, f Fixture) {
	if f.Press == nil {
		return
	}
	card, request := press(t, f, f.To)
	got, click := hear(t, f, request)
	require.Equal(t, f.To, click.Operator)
	require.Equal(t, card.ID, click.Sent.Card)
	require.Equal(t, card.Buttons[0].Token, click.Token)
	require.Equal(t, port.Approve, click.Verdict)
	require.NotEmpty(t, click.Event)
	require.Less(t, got.Reply(port.Toast{OK: true, Words: "已收到", Locale: "zh-CN"}).Status, 300)
	_, again := hear(t, f, request)
	require.Equal(t, click.Event, again.Event, "a callback that comes again is the same event")
}

func pressed(t *testing.T, f Fixture) {
	if f.Press == nil {
		return
	}
	_, request := press(t, f, f.To)
	_, click := hear(t, f, request)
	require.NoError(t, f.Port.Update(t.Context(), click.Sent, ended("c1")))
	require.Contains(t, only(t, f, f.To).Text, "已由李娜同意")
}

func forwarded(t *testing.T, f Fixture) {
	if f.Press == nil {
		return
	}
	_, request := press(t, f, f.Other)
	_, click := hear(t, f, request)
	require.Equal(t, f.Other, click.Operator)
}

func notTheirs(t *testing.T, f Fixture, what string, r port.Request) {
	t.Helper()
	got, err := f.Port.Hear(t.Context(), r)
	require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err), "%s: %v", what, err)
	require.Empty(t, got.Clicks, what)
}

func forged(t *testing.T, f Fixture) {
	if f.Press == nil {
		return
	}
	_, request := press(t, f, f.To)
	for what, change := range f.Unsigned {
		forgery := copied(request)
		change(&forgery)
		notTheirs(t, f, what, forgery)
	}
	empty := copied(request)
	empty.Body = nil
	notTheirs(t, f, "no body", empty)
	for at := 0; at < len(request.Body); at += 1 + len(request.Body)/40 {
		forgery := copied(request)
		forgery.Body[at] ^= 1
		if got, err := f.Port.Hear(t.Context(), forgery); err == nil { // an outer part that nobody reads
			require.Len(t, got.Clicks, 1)
			_, click := hear(t, f, request)
			require.Equal(t, click, got.Clicks[0], "byte %d changed what was heard", at)
		}
	}
}

func stale(t *testing.T, f Fixture) {
	if f.Stale != nil {
		notTheirs(t, f, "stale", f.Stale(t))
	}
}

func proved(t *testing.T, f Fixture) {
	if f.Check == nil {
		return
	}
	request, want := f.Check(t)
	got, err := f.Port.Hear(t.Context(), request)
	require.NoError(t, err)
	require.Empty(t, got.Clicks)
	require.Equal(t, want, string(got.Reply(port.Toast{}).Body))
}

func people(t *testing.T, f Fixture) {
	var ids []string
	cursor := ""
	for range 100 {
		page, err := f.Port.People(t.Context(), cursor)
		require.NoError(t, err)
		for _, p := range page.People {
			if p.Active {
				ids = append(ids, p.ID)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	require.Empty(t, cursor, "the list does not end")
	slices.Sort(ids)
	require.Subset(t, ids, []string{f.To, f.Other})
	require.NotContains(t, ids, f.Stranger)
}

func signIn(t *testing.T, f Fixture) {
	way, can := f.Port.(port.SignIn)
	if !can || f.SignIn == nil {
		return
	}
	const back = "https://approvals.example.com/back"
	require.True(t, strings.HasPrefix(way.SignInURL(port.Attempt{Redirect: back, State: "st&te"}), "http"))
	code := f.SignIn(f.To)
	who, err := way.WhoIs(t.Context(), code, port.Attempt{Redirect: back})
	require.NoError(t, err)
	require.Equal(t, f.To, who)
	for _, bad := range []string{code, "made-up", ""} {
		_, err = way.WhoIs(t.Context(), bad, port.Attempt{Redirect: back})
		require.Equal(t, port.CodeNotTheirs, fault.CodeOf(err), "%v", err)
	}
}

func secrets(t *testing.T, f Fixture) {
	f.Fail()
	_, err := f.Port.Send(t.Context(), f.To, Asked("c1"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "token")
	require.NotContains(t, err.Error(), "secret")
}

func copied(r port.Request) port.Request {
	r.Body = slices.Clone(r.Body)
	query, header := map[string][]string{}, map[string][]string{}
	for name, values := range r.Query {
		query[name] = slices.Clone(values)
	}
	for name, values := range r.Header {
		header[name] = slices.Clone(values)
	}
	r.Query, r.Header = query, header
	if r.At.IsZero() {
		r.At = time.Now()
	}
	return r
}
