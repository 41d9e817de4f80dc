package invariants_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
)

// reversed books a document, and undoes it on the second try: the books refused the
// first day.
func (h *house) reversed() string {
	id := h.close()
	reference := voucher.Reference(id, voucher.Accrual, 1)
	undo := voucher.ReversalOf(reference)
	asked := reversal.Request{Voucher: reference, Document: id, Date: "2026-11-22", Reason: "wrong account"}
	payload, err := evidence.Canonical(asked)
	require.NoError(h.t, err)
	hash, err := evidence.HashOf(asked)
	require.NoError(h.t, err)
	p, err := h.store.Propose(h.ctx, store.ProposalInput{Kind: proposal.Reversal, Subject: id, Hash: hash,
		Payload: string(payload), Maker: "wu"})
	require.NoError(h.t, err)
	_, err = h.store.Decide(h.ctx, p.ID, proposal.Verdict{Checker: "zhang", Approve: true}, store.Idempotency{})
	require.NoError(h.t, err)
	h.meansToUndo(undo)
	require.NoError(h.t, h.store.SettleReversal(h.ctx, store.ReversalAnswer{Reference: undo, Code: "erp.closed_period"}))
	require.NoError(h.t, h.store.RuleReversal(h.ctx, reference, "wu",
		reversal.Said{Ruling: reversal.Redate, Date: "2026-12-01"}, store.Idempotency{}))
	row := h.meansToUndo(undo)
	h.book(undo, "reverse", "applied")
	h.book(undo, "discard", "applied")
	h.book(undo, "reverse", "applied")
	h.book(undo, "post", "applied")
	row.State, row.ID, row.Number = store.VoucherPosted, "V2", "记-R"
	require.NoError(h.t, h.store.SaveVoucher(h.ctx, row, store.Ended{}))
	require.NoError(h.t, h.store.SettleReversal(h.ctx, store.ReversalAnswer{Reference: undo, Attempt: 1, Posted: true,
		Number: "记-R", ID: "V2"}))
	return id
}

// meansToUndo puts on record what is sent of the attempt under way.
func (h *house) meansToUndo(undo string) store.VoucherRow {
	known, err := h.store.Undo(h.ctx, undo)
	require.NoError(h.t, err)
	made := known.Original.Reversed(known.State.Date)
	text, err := evidence.Canonical(made)
	require.NoError(h.t, err)
	hash, err := evidence.HashOf(json.RawMessage(text))
	require.NoError(h.t, err)
	require.NoError(h.t, h.store.BeginEffect(h.ctx, store.EffectIntent{Reference: undo, Attempt: known.State.Attempt,
		Document: made.Document, Kind: string(made.Kind), Entity: made.Entity, Date: made.Date, Voucher: string(text), Hash: hash}))
	return store.VoucherRow{Reference: undo, Document: made.Document, Kind: string(made.Kind), Entity: made.Entity,
		Date: made.Date, Hash: hash, Voucher: string(text)}
}

// undo is the reference that reverses a document's voucher.
func (l *liar) undo(what string) string {
	return voucher.ReversalOf(voucher.Reference(l.id(what), voucher.Accrual, 1))
}

// book writes a line into the journal, unbook takes one out.
func (l *liar) book(reference, op string) {
	addLine(l, l.journal, map[string]any{"sandbox": "erp", "ref": reference, "op": op, "effect": "applied"})
}

func (l *liar) unbook(reference, op string) {
	text, err := os.ReadFile(l.journal)
	require.NoError(l, err)
	lines := strings.SplitAfter(string(text), "\n")
	kept := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.Contains(line, reference) && strings.Contains(line, `"op":"`+op+`"`)
	})
	require.Less(l, len(kept), len(lines))
	require.NoError(l, os.WriteFile(l.journal, []byte(strings.Join(kept, "")), 0o600))
}

// plantedReversals are lies about what was undone.
var plantedReversals = []lie{
	{"a reversal approved by who asked for it", "I7", "wu decided what wu asked for", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'wu' WHERE stream = 'reversal:' || $1 AND kind = 'reversal.approved'`, l.id("reversed"))
	}},
	{"a reversal asked for by another account of who approved it", "I7", "zhang decided what zhang2 asked for", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'zhang2', data = replace(data, '"wu"', '"zhang2"') WHERE stream = 'reversal:' || $1
			AND kind = 'reversal.requested'`, l.id("reversed"))
	}},
	{"a reversal approved by who is no finance", "I5", "xu is not finance", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'xu' WHERE stream = 'reversal:' || $1 AND kind = 'reversal.approved'`, l.id("reversed"))
	}},
	{"a reversal ruled on by who is no finance", "I5", "bo is not finance", func(l *liar) {
		l.tell("events", `UPDATE events SET actor = 'bo' WHERE stream = 'reversal:' || $1 AND kind = 'reversal.resolved'`, l.id("reversed"))
	}},
	{"a reversal approved by who is paid", "I6", "of zhang", func(l *liar) {
		l.tell("documents", `UPDATE documents SET payee_id = 'zhang' WHERE id = $1`, l.id("reversed"))
	}},
	{"a reversal recorded twice", "I3", "after it was in the books", func(l *liar) {
		l.tell("events", `INSERT INTO events SELECT stream, seq + 1, at, kind, actor, on_behalf_of, cause || 'x', round, revision,
			content_hash, data, hash, 'x', v FROM events WHERE stream = 'reversal:' || $1 AND kind = 'reversal.posted'`, l.id("reversed"))
	}},
	{"a reversal booked without approval", "I13", `reversal.posted, and it was "requested"`, func(l *liar) {
		l.tell("events", `DELETE FROM events WHERE stream = 'reversal:' || $1 AND kind IN ('reversal.approved', 'reversal.parked',
			'reversal.resolved')`, l.id("reversed"))
	}},
	{"a reversal on another day than was approved", "I9", "its day", func(l *liar) {
		l.tell("vouchers", `UPDATE vouchers SET voucher = replace(voucher, '2026-12-01', '2026-12-02') WHERE document = $1
			AND kind = 'reversal'`, l.id("reversed"))
	}},
	{"a reversal of half the amount", "I10", "with what it undoes 41000 is left", func(l *liar) {
		l.tell("vouchers", `UPDATE vouchers SET voucher = replace(voucher, '82000', '41000') WHERE document = $1
			AND kind = 'reversal'`, l.id("reversed"))
	}},
	{"a reversal on another account", "I10", "is left on 6602/", func(l *liar) {
		l.tell("vouchers", `UPDATE vouchers SET voucher = replace(voucher, '6602', '6603') WHERE document = $1
			AND kind = 'reversal'`, l.id("reversed"))
	}},
	{"a reversal that is not in the books", "I9", "the books disagree", func(l *liar) {
		l.unbook(l.undo("reversed"), "post")
	}},
	{"a reversal booked twice", "I9", "it was posted 2 times", func(l *liar) {
		l.book(l.undo("reversed"), "post")
	}},
	{"a reversal in the books that nobody asked for", "I7", "nobody approved it", func(l *liar) {
		l.book(l.undo("closed"), "reverse")
	}},
	{"a reversal whose row says another number", "I13", "its reversal", func(l *liar) {
		l.tell("reversals", `UPDATE reversals SET erp_number = '记-X' WHERE document = $1`, l.id("reversed"))
	}},
	{"a reversal without a row", "I13", "it has events of a reversal, and no row", func(l *liar) {
		l.tell("reversals", `DELETE FROM reversals WHERE document = $1`, l.id("reversed"))
	}},
	{"a reversal that nobody was told of", "I15", "li was told 0 times", func(l *liar) {
		l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'reversal.posted'`, l.id("reversed"))
	}},
}
