package invariants_test

import (
	"maps"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// handed waited for wei, whose calendar changed, and who left then.
func (h *house) handed() string {
	both := step("both", approval.AllOf, "wei", "chen")
	both.Clock = approval.Clock{Calendar: "cn", Due: calendar.Duration{Count: 3_600_000, Unit: calendar.WorkHour}}
	s := h.plan(h.submit(contentOf("西安", 6000)), both)
	task := s.OpenTasks()[0]
	s = h.do(s, approval.Recounted{
		Task: task.ID, Calendar: "cn", Version: 2, Was: task.DueAt, DueAt: task.DueAt.Add(-time.Minute),
	})
	people := h.people
	people.People = maps.Clone(people.People)
	wei := people.People["wei"]
	wei.Active = false
	people.People["wei"] = wei
	_, err := h.store.ReplaceOrganisation(h.ctx, people, "test:2")
	require.NoError(h.t, err)
	h.provisioned()
	h.edited()
	s = h.do(s, approval.HandedOver{Task: task.ID, From: "wei", To: []approval.Approver{{Person: "bo", Via: "fallback:inactive"}}})
	s = h.decide(s, approval.Approve, "bo", "")
	return h.post(h.decide(s, approval.Approve, "chen", "")).Document
}

// provisioned is told of somebody by a directory.
func (h *house) provisioned() {
	_, err := h.store.WriteDirectory(h.ctx, store.DirectoryWrite{
		Kind: directory.User, Verb: "create", Actor: "scim:test",
		Rules: directory.Rules{Department: h.people.People["wei"].Department},
		Edit: func(directory.Resource) (directory.Resource, error) {
			return directory.Read(directory.User, map[string]any{"userName": "new@example.com"})
		},
	})
	require.NoError(h.t, err)
}

// edited is changed by an administrator on the pages.
func (h *house) edited() {
	version, err := h.store.OrgVersion(h.ctx)
	require.NoError(h.t, err)
	xu := h.people.People["xu"]
	xu.Grade = 7
	_, err = h.store.EditOrganisation(h.ctx, store.OrganisationEdit{Base: version, Actor: "an", Reason: "person/xu",
		People: []org.Person{xu}})
	require.NoError(h.t, err)
}

// retold puts other words into the data of an event.
func retold(events []evidence.Event, kind string, n int, old, other string) []evidence.Event {
	i := find(events, kind, n)
	events[i].Data = []byte(strings.ReplaceAll(string(events[i].Data), old, other))
	return events
}

// plantedByTheWorld are lies about people who left and calendars that changed.
var plantedByTheWorld = []lie{
	{"a person whom no directory told of", "I13", "and the rows are", func(l *liar) {
		l.tell("org_rows", `DELETE FROM org_rows WHERE from_version = 3`)
	}},
	{"an administrator made by a directory", "I5", "a directory gave", func(l *liar) {
		l.tell("org_rows", `INSERT INTO org_rows (kind, id, from_version, body) SELECT 'grant', person || '|admin|', 3,
			'{"person":"' || person || '","role":"admin","entity":""}' FROM (SELECT 'li' AS person) AS p`)
	}},
	{"a role that an edit gave", "I5", "an edit began grant", func(l *liar) {
		l.tell("org_rows", `INSERT INTO org_rows (kind, id, from_version, body) SELECT 'grant', person || '|cashier|', 4,
			'{"person":"' || person || '","role":"cashier","entity":""}' FROM (SELECT 'li' AS person) AS p`)
	}},
	{"an edit of one's own row", "I5", "edited their own row", func(l *liar) {
		l.tell("org_rows", `INSERT INTO org_rows (kind, id, from_version, to_version, body)
			SELECT kind, id, 4, 4, body FROM org_rows WHERE kind = 'person' AND id = 'an'`)
	}},
	{"an edit by who administered nothing", "I5", "edited the organisation and administered nothing", func(l *liar) {
		l.tell("org_rows", `UPDATE org_rows SET id = 'bo|admin|' WHERE id = 'an|admin|'`)
	}},
	{"a version that nobody made", "I13", "has no event", func(l *liar) {
		l.tell("org_versions", `INSERT INTO org_versions (version, cause, hash) VALUES (9999, 'x', 'x')`)
	}},
	{"a task taken from somebody who works here", "I5", "who was active", func(l *liar) {
		l.tell("org_versions", `UPDATE org_versions SET at = at + interval '1 hour' WHERE version >= 2`)
	}},
	{"a hand-over that an act did not wait for", "I5", "although act", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET received_at = received_at - interval '1 hour' WHERE document = $1 AND actor = 'bo'`,
			l.id("handed"))
	}},
	{"a hand-over by nobody's leave", "I5", "it was handed over by li", func(l *liar) {
		l.forge("handed", func(events []evidence.Event) []evidence.Event {
			events[find(events, "task.handed_over", 1)].Actor = "li"
			return events
		})
	}},
	{"a hand-over to the submitter", "I6", "takes over and is li", func(l *liar) {
		l.forge("handed", func(events []evidence.Event) []evidence.Event {
			return retold(events, "task.opened", 3, `"bo"`, `"li"`)
		})
	}},
	{"a hand-over to who decides beside", "I7", "of the same step", func(l *liar) {
		l.forge("handed", func(events []evidence.Event) []evidence.Event {
			return retold(events, "task.opened", 3, `"bo"`, `"chen"`)
		})
	}},
	{"a task handed over to nobody", "I2", "handed over to nobody", func(l *liar) {
		l.forge("handed", func(events []evidence.Event) []evidence.Event {
			return retold(events, "task.handed_over", 1, `"to":["bo"]`, `"to":[]`)
		})
	}},
	{"a deadline counted into the past", "I5", "which was over at", func(l *liar) {
		l.forge("handed", func(events []evidence.Event) []evidence.Event {
			return retold(events, "task.rescheduled", 1, `"due_at":"20`, `"due_at":"19`)
		})
	}},
	{"a submitter who is not told who takes over", "I15", "task.handed_over", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'task.handed_over'`, l.id("handed"))
	}},
	{"an approver who is not told of less time", "I15", "task.rescheduled", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'task.rescheduled'`, l.id("handed"))
	}},
}
