package certification_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

var opened = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

// house is a company in which li answers to wu, wu to the head, and the head to nobody;
// wu2 is wu's other account.
func house() *org.Snapshot {
	s := &org.Snapshot{People: map[string]org.Person{}, Entities: map[string]org.LegalEntity{"cn": {ID: "cn"}, "de": {ID: "de"}}}
	for id, manager := range map[string]string{"li": "wu", "wu": "head", "wu2": "wu", "head": "", "gone": "wu"} {
		s.People[id] = org.Person{ID: id, Manager: manager, Active: id != "gone"}
	}
	wu := s.People["wu"]
	wu.Aliases = []string{"wu2"}
	s.People["wu"] = wu
	s.Grants = []org.Grant{
		{Person: "li", Role: "cashier", Entity: "cn"}, {Person: "wu2", Role: "finance_head", Entity: "de"},
		{Person: "head", Role: "admin"}, {Person: "gone", Role: "auditor", Entity: "cn"},
		{Person: "li", Role: "auditor", Entity: "cn", ID: "over", Until: opened},
		{Person: "li", Role: "auditor", Entity: "cn", ID: "coming", From: opened.Add(time.Hour)},
	}
	return s
}

func campaign() certification.Campaign {
	return certification.Campaign{Title: "Q4", Reviewer: certification.ByManager, Undecided: certification.ListUndecided,
		Opened: opened, Due: opened.Add(time.Hour), Closes: opened.Add(2 * time.Hour)}
}

// TestItemsFollowFromTheOrganisation: what holds at the opening is asked about, of people
// who left too, and of somebody who is another human and gains nothing by it.
func TestItemsFollowFromTheOrganisation(t *testing.T) {
	stands := delegation.Rule{Person: "li", Delegate: "wu2", MadeAt: opened.Add(-time.Hour), From: opened.Add(time.Hour),
		Until: opened.Add(9 * time.Hour)}
	later := stands
	later.MadeAt = opened.Add(time.Minute)
	reviewers := func(c certification.Campaign, rules ...delegation.Rule) map[string]string {
		items, err := c.Items(house(), rules)
		require.NoError(t, err)
		found := map[string]string{}
		for n, i := range items {
			require.Equal(t, n+1, i.No)
			found[i.Person+" "+i.Grant] = i.Reviewer
		}
		return found
	}
	require.Equal(t, map[string]string{"li cashier@cn": "wu", "wu2 finance_head@de": "head", "head admin@": "",
		"gone auditor@cn": "wu"}, reviewers(campaign(), later))
	require.Equal(t, "head", reviewers(campaign(), stands)["li cashier@cn"], "wu's other account decides for li")
	narrow := campaign()
	narrow.Scope = certification.Scope{Roles: []string{"cashier", "admin"}, Entities: []string{"cn"}}
	require.Equal(t, map[string]string{"li cashier@cn": "wu"}, reviewers(narrow))
	narrow.Reviewer = certification.ByAdministrators
	require.Equal(t, map[string]string{"li cashier@cn": ""}, reviewers(narrow))
	narrow.Scope.Roles = []string{"operator"}
	_, err := narrow.Items(house(), nil)
	require.Equal(t, "review.empty", fault.CodeOf(err))
}

// TestWhatMayBeSaid judges verdicts on an item of a right that ends in ten hours.
func TestWhatMayBeSaid(t *testing.T) {
	item := certification.Item{No: 1, Person: "li", Role: "cashier", Entity: "cn", Until: opened.Add(10 * time.Hour)}
	for _, tt := range []struct {
		name, state string
		said        certification.Verdict
		after       time.Duration
		code        string
	}{
		{"kept", "open", certification.Verdict{Say: "keep"}, 0, ""},
		{"kept while it is late", "open", certification.Verdict{Say: "keep"}, 119 * time.Minute, ""},
		{"over", "open", certification.Verdict{Say: "keep"}, 2 * time.Hour, "review.closed"},
		{"twice", "keep", certification.Verdict{Say: "keep"}, 0, "review.decided"},
		{"nothing", "open", certification.Verdict{}, 0, "review.bad_verdict"},
		{"undecided is no answer", "open", certification.Verdict{Say: "undecided"}, 0, "review.bad_verdict"},
		{"revoked without a reason", "open", certification.Verdict{Say: "revoke", Reason: " "}, 0, "review.reason_required"},
		{"revoked", "open", certification.Verdict{Say: "revoke", Reason: "moved"}, 0, ""},
		{"kept with an end", "open", certification.Verdict{Say: "keep", Until: opened.Add(time.Hour)}, 0, "review.bad_until"},
		{"shortened", "open", certification.Verdict{Say: "shorten", Reason: "x", Until: opened.Add(9 * time.Hour)}, 0, ""},
		{"made longer", "open", certification.Verdict{Say: "shorten", Reason: "x", Until: opened.Add(10 * time.Hour)}, 0,
			"review.bad_until"},
		{"to the past", "open", certification.Verdict{Say: "shorten", Reason: "x", Until: opened}, time.Minute, "review.bad_until"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := campaign().Judge(item, tt.state, "wu", tt.said, opened.Add(tt.after))
			require.Equal(t, tt.code, fault.CodeOf(err))
		})
	}
}

// TestWhoIsAsked: the reviewer; administrators where there is none, who left, or is late.
func TestWhoIsAsked(t *testing.T) {
	s, c := house(), campaign()
	require.True(t, c.Asked("wu", "wu", false, s, opened))
	require.False(t, c.Asked("wu", "head", true, s, opened))
	require.True(t, c.Asked("wu", "head", true, s, c.Due))
	require.False(t, c.Asked("wu", "head", false, s, c.Due))
	require.True(t, c.Asked("", "head", true, s, opened))
	require.True(t, c.Asked("gone", "head", true, s, opened))
}

// TestWhoMayHandAnItemOn: whom it asks, or an administrator, with a reason, to somebody
// who works here, is neither of them nor asked already, and does not answer to the holder.
func TestWhoMayHandAnItemOn(t *testing.T) {
	s, c := house(), campaign()
	s.People["below"] = org.Person{ID: "below", Manager: "li", Active: true}
	s.People["new"] = org.Person{ID: "new", Active: true}
	open := certification.Standing{Item: certification.Item{No: 1, Person: "li"}, State: "open", Asks: "wu"}
	decided, handed, nobodys := open, open, open
	decided.State, handed.Handed, nobodys.Asks = "keep", certification.ReassignMax, ""
	for _, tt := range []struct {
		name  string
		item  certification.Standing
		given certification.Reassignment
		after time.Duration
		code  string
	}{
		{"by its reviewer", open, certification.Reassignment{By: "wu", To: "new", Reason: "away"}, 0, ""},
		{"by an administrator", open, certification.Reassignment{By: "head", To: "new", Reason: "away", Administers: true}, 0, ""},
		{"that asks no one", nobodys, certification.Reassignment{By: "head", To: "new", Reason: "x", Administers: true}, 0, ""},
		{"by anybody", open, certification.Reassignment{By: "head", To: "new", Reason: "away"}, 0, "review.not_yours"},
		{"by anybody, that asks no one", nobodys, certification.Reassignment{To: "new", Reason: "x"}, 0, "review.not_yours"},
		{"by somebody who left", nobodys, certification.Reassignment{By: "gone", To: "new", Reason: "x", Administers: true}, 0,
			"review.not_yours"},
		{"without a reason", open, certification.Reassignment{By: "wu", To: "new", Reason: " "}, 0, "review.reason_required"},
		{"to somebody who left", open, certification.Reassignment{By: "wu", To: "gone", Reason: "x"}, 0, "review.unknown_reviewer"},
		{"to whom it asks", open, certification.Reassignment{By: "head", To: "wu2", Reason: "x", Administers: true}, 0,
			"review.same_reviewer"},
		{"to oneself", open, certification.Reassignment{By: "head", To: "head", Reason: "x", Administers: true}, 0,
			"review.to_oneself"},
		{"below the holder", open, certification.Reassignment{By: "wu", To: "below", Reason: "x"}, 0, "review.answers_to"},
		{"once answered", decided, certification.Reassignment{By: "wu", To: "new", Reason: "x"}, 0, "review.decided"},
		{"too often", handed, certification.Reassignment{By: "wu", To: "new", Reason: "x"}, 0, "review.handed_too_often"},
		{"when it is over", open, certification.Reassignment{By: "wu", To: "new", Reason: "x"}, 2 * time.Hour, "review.closed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.code, fault.CodeOf(c.Reassign(tt.item, tt.given, s, opened.Add(tt.after))))
		})
	}
}
