package invariants_test

import (
	"encoding/json"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/tests/invariants"
)

// lie is a violation planted in a healthy house, and what must be said of it.
type lie struct {
	name      string
	invariant string
	says      string
	plant     func(l *liar)
}

var planted = []lie{
	{"a deleted event", "I13", "it follows number", func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = $1 AND seq = 3`, l.id("closed"))
	}},
	{"a deleted last event", "I13", "its head", func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = $1 AND seq = (SELECT max(seq) FROM events WHERE stream = $1)`,
			l.id("closed"))
	}},
	{"altered data under its old hash", "I13", "its content hashes to", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, '82000', '1') WHERE stream = $1 AND seq = 1`, l.id("closed"))
	}},
	{"altered data with a new hash of its own", "I13", "its link does not lead", func(l *liar) {
		events := l.events(l.id("closed"))
		forged, err := evidence.Seal(evidence.Event{}, []evidence.Draft{{
			Kind: events[0].Kind, Actor: events[0].Actor, Round: 1, Revision: 1, ContentHash: events[0].ContentHash,
			Data: setField(events[0].Data, "title", "巴黎"),
		}}, events[0].Cause, events[0].At, events[0].Stream)
		require.NoError(l, err)
		l.tell("events", `UPDATE events SET data = $2, hash = $3 WHERE stream = $1 AND seq = 1`,
			l.id("closed"), string(forged[0].Data), forged[0].Hash)
	}},
	{"the whole chain sealed anew over another title", "I13", "what was submitted", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			events[0].Data = setField(events[0].Data, "title", "巴黎")
			return events
		})
	}},
	{"a status changed in the read model", "I13", "its status", func(l *liar) {
		l.tell("documents", `UPDATE documents SET status = 'approved' WHERE id = $1`, l.id("pending"))
	}},
	{"an amount changed in the read model", "I13", "its total", func(l *liar) {
		l.tell("documents", `UPDATE documents SET total_minor = total_minor * 10 WHERE id = $1`, l.id("closed"))
	}},
	{"a task reopened in the read model", "I13", "its state", func(l *liar) {
		l.tell("tasks", `UPDATE tasks SET state = 'open' WHERE document = $1 AND state = 'superseded'`, l.id("closed"))
	}},
	{"a cause that was never recorded", "I13", "the number of events its causes led to", func(l *liar) {
		l.tell("causes", `DELETE FROM causes WHERE stream = $1 AND cause LIKE 'plan:%'`, l.id("closed"))
	}},
	{"a copy that nobody made", "I13", "a copy that nobody recorded", func(l *liar) {
		l.tell("copies", `INSERT INTO copies (batch, document, person, made_by, how, remark, made_at)
			VALUES ('x', $1, 'chen', 'li', 'cc', '', now())`, l.id("copied"))
	}},
	{"a copy whose row is gone", "I13", "its row is gone", func(l *liar) {
		l.tell("copies", `DELETE FROM copies WHERE document = $1 AND person = 'an'`, l.id("copied"))
	}},
	{"a copy of another's making", "I13", "and the record says", func(l *liar) {
		l.tell("copies", `UPDATE copies SET made_by = 'wu' WHERE document = $1 AND person = 'an'`, l.id("copied"))
	}},
	{"a copy that was taken back stands again", "I13", "and the record says", func(l *liar) {
		l.tell("copies", `UPDATE copies SET removed_at = NULL, removed_by = '' WHERE document = $1 AND removed_by <> ''`,
			l.id("copied"))
	}},
	{"a right to read given by who had none", "I5", "could not read it", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'chen' WHERE stream = 'copies:' || $1 AND seq = 2`, l.id("copied"))
	}},
	{"an event of copies that is none", "I13", "is no event of copies", func(l *liar) {
		l.tell("events", `UPDATE events SET kind = 'copy.stolen' WHERE stream = 'copies:' || $1 AND seq = 2`, l.id("copied"))
	}},
	{"a copy by the policy of whom no plan names", "I5", "the policy let chen read, whom the plan does not name", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, '"xu"', '"chen"') WHERE stream = 'copies:' || $1 AND seq = 1`,
			l.id("planned copies"))
	}},
	{"a copy by the policy at another moment", "I5", "whom the plan does not name at 2", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, $1 || ':3', $1 || ':2') WHERE stream = 'copies:' || $1 AND seq = 1`,
			l.id("planned copies"))
	}},
	{"a copy by the policy at no moment", "I5", "a policy copied in at no event", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, $1 || ':3', 'x') WHERE stream = 'copies:' || $1 AND seq = 1`,
			l.id("planned copies"))
	}},
	{"a person's copy in the policy's name", "I5", "a policy copied in by the way of people", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'system:policy' WHERE stream = 'copies:' || $1 AND kind = 'copy.made'
			AND actor = 'li'`, l.id("planned copies"))
	}},
	{"a planned copy that nobody made", "I13", "the plan copies xu in at 3, and nobody did", func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = 'copies:' || $1 AND seq = 1`, l.id("planned copies"))
	}},
	{"a planned copy that nobody was told of", "I15", "xu was copied in by the policy and told 0 times", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND person = 'xu' AND kind = 'document.copied_by_policy'`,
			l.id("planned copies"))
	}},
	{"a planned copy of who is there, made late", "I13", "the plan copies an in at", func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = 'copies:' || $1
			AND seq = (SELECT max(seq) FROM events WHERE stream = 'copies:' || $1)`, l.id("planned copies"))
	}},
	{"a decision by who was only copied in", "I5", "bo was only copied in, and did task.approved", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'bo' WHERE stream = $1 AND kind = 'task.approved'`, l.id("copied"))
	}},
	{"a decision by the submitter", "I6", "li, who is interested", func(l *liar) { l.decidedBy("closed", 1, "li") }},
	{"a decision by who was not asked", "I5", "it is wu's", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			events[find(events, "task.approved", 1)].Actor = "bo"
			return events
		})
	}},
	{"a decision by a stranger for the admin queue", "I5", "did not hold the role", func(l *liar) {
		var cause string
		l.forge("queue", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.approved", 1)
			cause = events[i].Cause
			events[i].Actor = "bo"
			return events
		})
		l.sign(cause, "actor", "bo")
	}},
	{"a decision by a delegate before their delegation", "I5", "had no delegation of zhang", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET received_at = received_at - interval '1 hour' WHERE document = $1 AND actor = 'bo'`,
			l.id("delegated"))
	}},
	{"a decision by a delegate above their cap", "I5", "had no delegation of zhang", func(l *liar) {
		l.tell("delegations", `UPDATE delegations SET cap_minor = 3999 WHERE delegate = 'bo'`)
	}},
	{"a delegation made longer", "I13", "its end", func(l *liar) {
		l.tell("delegations", `UPDATE delegations SET until_at = until_at + interval '1 day'`)
	}},
	{"a delegation that is gone", "I13", "its row is gone", func(l *liar) {
		l.tell("delegations", `DELETE FROM delegations`)
	}},
	{"a delegation that nobody recorded", "I13", "nobody recorded", func(l *liar) {
		l.tell("delegations", `INSERT INTO delegations SELECT 'x', 'chen', 'bo', from_at, until_at, types, cap_minor, cap_currency,
			reason, made_by, made_at FROM delegations`)
	}},
	{"who was stood in for is not told", "I15", "task.decided_for", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'task.decided_for'`, l.id("delegated"))
	}},
	{"a decision without an act", "I5", "has no act", func(l *liar) {
		l.tell("inbox", `DELETE FROM inbox WHERE id = (SELECT cause FROM events WHERE stream = $1 AND kind = 'task.approved' LIMIT 1)`,
			l.id("closed"))
	}},
	{"an act received after its decision", "I5", "after it was recorded", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET received_at = received_at + interval '1 hour' WHERE document = $1`, l.id("closed"))
	}},
	{"a forged signature", "I5", "its signature does not hold", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET signature = translate(signature, 'ABCD', 'BCDA') WHERE document = $1 AND name = 'approve'`,
			l.id("closed"))
	}},
	{"an act signed by a key of nobody", "I5", "its signature does not hold", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET key_id = 'k2' WHERE document = $1 AND name = 'reject'`, l.id("rejected"))
	}},
	{"a task decided twice", "I4", "ends it once more", func(l *liar) {
		l.forge("rejected", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.rejected", 1)
			again := events[i]
			again.Kind = "task.approved"
			return append(events[:i+1:i+1], append([]evidence.Event{again}, events[i+1:]...)...)
		})
	}},
	{"a decision of a superseded task", "I4", "it was superseded", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			late := events[find(events, "task.superseded", 1)]
			late.Kind = "task.approved"
			i := find(events, "step.passed", 1)
			return append(events[:i:i], append([]evidence.Event{late}, events[i:]...)...)
		})
	}},
	{"an approval of another content", "I8", "refers to the content", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			events[find(events, "task.approved", 2)].ContentHash = hashOf("another")
			return events
		})
	}},
	{"an approval of what the act did not see", "I8", "saw the content", func(l *liar) {
		events := l.events(l.id("closed"))
		l.sign(events[find(events, "task.approved", 1)].Cause, "content_hash", hashOf("another"))
	}},
	{"a content exchanged after the approval", "I8", "its text has the hash", func(l *liar) {
		l.tell("revisions", `UPDATE revisions SET content = replace(content, '6222', '9999') WHERE document = $1`, l.id("closed"))
	}},
	{"a content exchanged with its hash", "I8", "refers to the content", func(l *liar) {
		l.tell("revisions", `UPDATE revisions SET content = replace(content, '6222', '9999'),
			hash = encode(sha256(convert_to(replace(content, '6222', '9999'), 'UTF8')), 'hex') WHERE document = $1`, l.id("closed"))
	}},
	{"two decisions by one human's accounts", "I7", "of the same step", func(l *liar) { l.decidedBy("closed", 3, "zhang2") }},
	{"a step passed with a decision missing", "I7", "step finance was passed with 1 of 2", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.approved", 3)
			events[i].Kind = "task.superseded"
			return events
		})
	}},
	{"an event after the final one", "I3", "after the final outcome closed", func(l *liar) {
		l.forge("closed", func(events []evidence.Event) []evidence.Event {
			last := events[len(events)-1]
			last.Kind = "document.withdrawn"
			return append(events, last)
		})
	}},
	{"two outcomes", "I2", "it has 2 outcomes", func(l *liar) {
		l.forge("rejected", func(events []evidence.Event) []evidence.Event {
			return append(events, events[len(events)-1])
		})
	}},
	{"a document that waits for nobody", "I2", "waits for nobody", func(l *liar) {
		l.forge("pending", func(events []evidence.Event) []evidence.Event {
			first := find(events, "task.opened", 3) // of finance
			for i := first; i < len(events); i++ {
				if events[i].Kind == "task.opened" {
					events[i].Kind = "step.noted"
				}
			}
			return events
		})
	}},
	{"a workflow that failed", "I2", "its workflow ended with", func(l *liar) {
		l.history(l.id("pending"), "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED")
	}},
	{"a workflow that left its document", "I2", "its workflow's end is", func(l *liar) {
		l.history(l.id("pending"), "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED")
	}},
	{"a deadline that never struck", "I2", "never struck", func(l *liar) {
		l.forge("pending", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.opened", 3)
			events[i].Data = setField(events[i].Data, "due_at", "2026-01-01T00:00:00Z")
			return events
		})
	}},
	{"a deadline that struck early", "I5", "before its deadline", func(l *liar) {
		l.forge("late", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.opened", 1)
			events[i].Data = setField(events[i].Data, "due_at", "2099-01-01T00:00:00Z")
			return events
		})
	}},
	{"a deadline that beat an act in time", "I5", "and not answered", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET received_at = '2026-01-01', outcome_at = '2099-01-01' WHERE document = $1`, l.id("late"))
	}},
	{"a second posted voucher in the books", "I9", "it was posted 2 times", func(l *liar) {
		reference := "v:" + l.id("closed") + ":accrual:1"
		for _, op := range []string{"create", "post"} {
			addLine(l, l.journal, map[string]any{"sandbox": "erp", "ref": reference, "op": op, "effect": "applied"})
		}
	}},
	{"a voucher in the books for a rejected document", "I9", "its revision was never approved", func(l *liar) {
		addLine(l, l.journal, map[string]any{"ref": "v:" + l.id("rejected") + ":accrual:1", "op": "create", "effect": "applied"})
	}},
	{"a voucher in the books for no document", "I9", "it is booked for no document", func(l *liar) {
		addLine(l, l.journal, map[string]any{"ref": "v:nobody:accrual:1", "op": "create", "effect": "applied"})
	}},
	{"a posting that the books do not know", "I9", "and the books disagree", func(l *liar) {
		l.journal = l.journal + ".empty"
		addLine(l, l.journal, map[string]any{"ref": "x", "op": "find", "effect": "none"})
	}},
	{"an unbalanced voucher", "I10", "debit {81999 CNY}, credit {82000 CNY}", func(l *liar) {
		l.unbalance(`"amount":{"currency":"CNY","minor":82000}`, `"amount":{"currency":"CNY","minor":81999}`)
	}},
	{"a voucher unbalanced in the base currency", "I10", "in the base currency", func(l *liar) {
		l.unbalance(`"base":{"currency":"CNY","minor":82000}`, `"base":{"currency":"CNY","minor":1}`)
	}},
	{"an unbalanced voucher in the books", "I10", "in the books debit 820.000000", func(l *liar) {
		lines := []map[string]any{{"side": "debit", "amount": "820.00"}, {"side": "credit", "amount": "819.99"}}
		addLine(l, strings.TrimSuffix(l.journal, "journal.jsonl")+"vouchers.jsonl",
			map[string]any{"voucher": map[string]any{"external_ref": "x", "lines": lines}})
	}},
	{"a voucher whose text is lost", "I10", "its text does not have the hash", func(l *liar) {
		l.tell("vouchers", `UPDATE vouchers SET voucher = '' WHERE document = $1`, l.id("closed"))
	}},
	{"a voucher of more than was approved", "I8", "the money it books", func(l *liar) {
		l.unbalance("82000", "820000")
	}},
	{"a settlement of what is no advance", "I8", "which is no advance in the books", func(l *liar) {
		l.tell("revisions", `UPDATE revisions SET content = replace(content, '"lines":',
			'"offset":{"amount":{"currency":"CNY","minor":5},"document":"nothing","number":"ADV-1"},"lines":') WHERE document = $1`,
			l.id("pending"))
	}},
	{"an advance settled for more than it is", "I8", "of it is settled, and it is", func(l *liar) {
		l.tell("revisions", `UPDATE revisions SET content = replace(content, '"lines":', '"offset":{"amount":{"currency":"CNY","minor":' ||
			'99999999},"document":"' || $2::text || '","number":"ADV-1"},"lines":') WHERE document = $1`,
			l.id("pending"), l.id("closed"))
	}},
	{"an outcome without an event", "I14", "it has no events", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET outcome = '{"code":"ok","status":"pending","seq":7}' WHERE document = $1 AND name = 'reject'`,
			l.id("pending"))
	}},
	{"a refused act with events", "I14", "it was refused with task.stale", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET outcome = '{"code":"task.stale"}' WHERE document = $1 AND name = 'reject'`, l.id("rejected"))
	}},
	{"an act without an outcome", "I14", "it has no outcome", func(l *liar) {
		l.tell("inbox", `UPDATE inbox SET outcome = NULL, outcome_at = NULL WHERE document = $1 AND name = 'reject'`, l.id("pending"))
	}},
	{"a lost act", "I14", "is not in the inbox", func(l *liar) {
		l.told.Acts = append(l.told.Acts[:0:0], l.told.Acts...)
		l.told.Acts = append(l.told.Acts, invariants.Act{ID: "a-1", Document: l.id("closed"), Status: 202})
	}},
	{"an act acknowledged as applied that was refused", "I14", "and has the outcome task.stale", func(l *liar) {
		var id string
		require.NoError(l, l.db.QueryRow(`SELECT id FROM inbox WHERE document = $1 AND name = 'reject'`, l.id("pending")).Scan(&id))
		l.told.Acts = append(l.told.Acts[:0:0], l.told.Acts...)
		l.told.Acts = append(l.told.Acts, invariants.Act{ID: id, Document: l.id("pending"), Status: 200})
	}},
	{"a lost submission", "I1", "it was acknowledged and is not there", func(l *liar) {
		l.told.Submissions = []invariants.Submission{{Document: "d-1"}}
	}},
	{"a submission without its events", "I1", "it is closed and has no events", func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = $1`, l.id("closed"))
	}},
	{"a workflow never started", "I1", "its workflow was never started", func(l *liar) {
		l.tell("starts", `UPDATE starts SET done_at = NULL WHERE document = $1`, l.id("pending"))
	}},
	{"a missing notice", "I15", "owes chen a notice", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'task.opened' AND person = 'chen'`, l.id("pending"))
	}},
	{"a missing notice to a role", "I15", "owes finance_clerk a notice", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'voucher.parked'`, l.id("parked"))
	}},
	{"who may publish is not told of a proposal", "I15", "proposal.made owes an a notice", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE kind = 'proposal.made' AND person = 'an'`)
	}},
	{"a maker is not told that it was published", "I15", "proposal.approved owes zhang a notice", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE kind = 'proposal.approved'`)
	}},
	{"a maker is not told that it was refused", "I15", "proposal.refused owes zhang a notice", func(l *liar) {
		l.tell("notices", `UPDATE notices SET person = 'li' WHERE kind = 'proposal.refused'`)
	}},
	{"a maker is not told that it is outdated", "I15", "proposal.outdated owes zhang a notice", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE kind = 'proposal.outdated'`)
	}},
	{"a maker is told that what was decided expired", "I15", "zhang is told proposal.expired, and nobody owed it", func(l *liar) {
		l.tell("notices", `INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data, sent_at)
			SELECT 'proposal.expired.' || id || '.zhang', 'proposal.expired', 'zhang', '', '', '', '', false, '{}', now()
			FROM proposals WHERE state = 'approved' LIMIT 1`)
	}},
	{"the maker's other account is asked to decide", "I15", "zhang2 is told proposal.made, and nobody owed it", func(l *liar) {
		l.tell("notices", `UPDATE notices SET id = id || '2', person = 'zhang2' WHERE kind = 'proposal.made' AND person = 'an'`)
	}},
	{"a notice told twice", "I15", "a second time", func(l *liar) {
		l.tell("notices", `INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
			SELECT regexp_replace(id, '[.]([0-9]+)[.]([a-z]+)$', '.9\1.\2'), kind, person, role, entity, document, task, quiet, data
			FROM notices WHERE document = $1 AND kind = 'document.closed'`, l.id("closed"))
	}},
	{"a notice never sent", "I15", "it was neither sent", func(l *liar) {
		l.tell("notices", `UPDATE notices SET sent_at = NULL, failure = '' WHERE document = $1 AND NOT quiet`, l.id("closed"))
	}},
	{"a reminder before its time", "I15", "comes too early", func(l *liar) {
		l.forge("late", func(events []evidence.Event) []evidence.Event {
			i := find(events, "task.opened", 1)
			events[i].Data = setField(events[i].Data, "remind_at", []string{"2099-01-01T00:00:00Z"})
			return events
		})
	}},
}

// recontent replaces text in a revision, and gives everything that names it the
// hash it has then.
func (l *liar) recontent(of string, revision int, was, is string) {
	var text, hash string
	query := `SELECT content, hash FROM revisions WHERE document = $1 AND revision = $2`
	require.NoError(l, l.db.QueryRow(query, l.id(of), revision).Scan(&text, &hash))
	changed := strings.Replace(text, was, is, 1)
	require.NotEqual(l, text, changed, text)
	l.tell("revisions", `UPDATE revisions SET content = $3, hash = $4 WHERE document = $1 AND revision = $2`,
		l.id(of), revision, changed, hashOf(changed))
	l.forge(of, func(events []evidence.Event) []evidence.Event {
		for i := range events {
			if events[i].ContentHash == hash {
				events[i].ContentHash = hashOf(changed)
			}
		}
		return events
	})
}

// unbalance replaces text once in the stored voucher of the closed document, and
// gives it the hash it has then.
func (l *liar) unbalance(was, is string) {
	var text string
	require.NoError(l, l.db.QueryRow(`SELECT voucher FROM effects WHERE document = $1`, l.id("closed")).Scan(&text))
	n := 1
	if !strings.HasPrefix(was, `"`) {
		n = -1 // everywhere: still balanced
	}
	changed := strings.Replace(text, was, is, n)
	require.NotEqual(l, text, changed)
	require.True(l, json.Valid([]byte(changed)))
	l.tell("effects", `UPDATE effects SET voucher = $2, hash = $3 WHERE document = $1`, l.id("closed"), changed, hashOf(changed))
}
