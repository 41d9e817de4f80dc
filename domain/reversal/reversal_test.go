package reversal_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
)

const original = "v:doc:accrual:1"

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

// story is a stream being told, an hour an event.
type story struct {
	t      *testing.T
	events []evidence.Event
}

func (s *story) tell(kind, actor string, d reversal.Data) {
	d.Voucher, d.Reference = original, voucher.ReversalOf(original)
	draft, err := d.Draft(kind, actor)
	require.NoError(s.t, err)
	s.events = append(s.events, evidence.Event{Seq: int64(len(s.events) + 1), Kind: kind, Actor: actor, Data: draft.Data,
		At: start.Add(time.Duration(len(s.events)) * time.Hour)})
}

func (s *story) state() reversal.State {
	state, err := reversal.Of(original, s.events)
	require.NoError(s.t, err)
	return state
}

func asked(p string, attempt int) reversal.Data {
	return reversal.Data{Proposal: p, Date: "2026-04-01", Reason: "wrong account", Attempt: attempt,
		Expires: start.Add(48 * time.Hour).Format(time.RFC3339Nano)}
}

func approved(p string, attempt int) reversal.Data {
	return reversal.Data{Proposal: p, Date: "2026-04-01", Reason: "wrong account", Attempt: attempt, Maker: "liu"}
}

// TestFromRequestToTheBooks is a whole life: refused by the second person, refused by the
// books, redated, given up, asked for again, unanswered, and booked.
func TestFromRequestToTheBooks(t *testing.T) {
	s := &story{t: t}
	s.tell(reversal.WasRequested, "liu", asked("p1", 0))
	require.Equal(t, "reversal.under_way", fault.CodeOf(s.state().Requestable(start.Add(time.Hour))))
	require.NoError(t, s.state().Requestable(start.Add(48*time.Hour)), "a request that has expired is none")
	s.tell(reversal.WasRefused, "sun", reversal.Data{Proposal: "p1", Maker: "liu", Reason: "no"})
	require.Equal(t, reversal.Refused, s.state().Status)
	require.NoError(t, s.state().Requestable(start))
	s.tell(reversal.WasRequested, "liu", asked("p2", 0))
	s.tell(reversal.WasApproved, "sun", approved("p2", 0))
	s.tell(reversal.WasParked, "system:posting", reversal.Data{Code: "erp.closed_period", Detail: "closed"})
	require.Equal(t, "reversal.under_way", fault.CodeOf(s.state().Requestable(start.Add(time.Hour))))
	s.tell(reversal.WasResolved, "liu", reversal.Data{Ruling: reversal.Redate, Date: "2026-05-01"})
	require.Equal(t, [2]any{reversal.Approved, 1}, [2]any{s.state().Status, s.state().Attempt})
	require.Equal(t, "2026-05-01", s.state().Date)
	s.tell(reversal.WasParked, "system:posting", reversal.Data{Code: "erp.refused", Attempt: 1})
	s.tell(reversal.WasResolved, "liu", reversal.Data{Ruling: reversal.GiveUp, Opinion: "by hand", Attempt: 1})
	require.Equal(t, reversal.GivenUp, s.state().Status)
	s.tell(reversal.WasRequested, "liu", asked("p3", 2))
	s.tell(reversal.WasApproved, "sun", approved("p3", 2))
	s.tell(reversal.WasParked, "system:posting", reversal.Data{Code: "voucher.unanswered", Unanswered: true, Attempt: 2})
	for _, ruling := range []reversal.Ruling{reversal.Redate, reversal.GiveUp} {
		err := s.state().Rule(reversal.Said{Ruling: ruling, Attempt: 2, Date: "2026-05-01", Opinion: "x"}, "2026-03-31")
		require.Equal(t, "reversal.unanswered", fault.CodeOf(err), "it may be in the books")
	}
	s.tell(reversal.WasResolved, "liu", reversal.Data{Ruling: reversal.Retry, Attempt: 2})
	s.tell(reversal.WasPosted, "system:posting", reversal.Data{Number: "记-1", ID: "7", Date: "2026-04-01", Attempt: 3})
	end := s.state()
	require.Equal(t, reversal.Posted, end.Status)
	require.Equal(t, "记-1", end.Number)
	require.Equal(t, "reversal.done", fault.CodeOf(end.Requestable(start)))
	require.Equal(t, [3]string{"liu", "sun", "v:doc:accrual-reversal:1"}, [3]string{end.Maker, end.Checker, end.Reference})
}

// TestNothingGetsToTheBooksAlone tells every short story of every event by two people and
// the books: whatever can have happened, what was posted was asked for by one and
// approved by another, once, and nothing follows.
func TestNothingGetsToTheBooksAlone(t *testing.T) {
	posted := 0
	for seed := range uint64(20000) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := &story{t: t}
		var makers, checkers, books int
		for range 1 + random.IntN(7) {
			before, err := reversal.Of(original, s.events)
			require.NoError(t, err)
			kind := reversal.Kinds()[random.IntN(len(reversal.Kinds()))]
			actor := []string{"liu", "sun"}[random.IntN(2)]
			d := approved("p", before.Attempt+random.IntN(5)/4)
			d.Maker, d.Expires = []string{"liu", "sun"}[random.IntN(2)], asked("", 0).Expires
			d.Ruling = []reversal.Ruling{reversal.Retry, reversal.Redate, reversal.GiveUp, "x"}[random.IntN(4)]
			d.Code, d.Unanswered = []string{"", "erp.refused", "erp.refused"}[random.IntN(3)], random.IntN(2) == 0
			s.tell(kind, actor, d)
			after, err := reversal.Of(original, s.events)
			if err != nil {
				s.events = s.events[:len(s.events)-1] // it cannot have happened
				continue
			}
			require.NotEqual(t, reversal.Posted, before.Status, "nothing follows the end")
			switch kind {
			case reversal.WasRequested:
				makers++
			case reversal.WasApproved:
				checkers++
				require.NotEqual(t, after.Maker, after.Checker)
			case reversal.WasPosted:
				books++
				require.Equal(t, reversal.Approved, before.Status)
				require.NotEmpty(t, after.Checker)
			}
		}
		require.LessOrEqual(t, books, 1)
		require.LessOrEqual(t, books, checkers)
		require.LessOrEqual(t, checkers, makers)
		posted += books
	}
	require.Positive(t, posted)
}

func TestARequestIsChecked(t *testing.T) {
	v := voucher.Voucher{Reference: original, Kind: voucher.Accrual, Date: "2026-03-31"}
	good := reversal.Request{Voucher: original, Document: "doc", Date: "2026-03-31", Reason: "wrong account"}
	require.NoError(t, good.Check(v))
	for _, tt := range []struct {
		name   string
		change func(*reversal.Request, *voucher.Voucher)
		code   string
	}{
		{"no reason", func(r *reversal.Request, _ *voucher.Voucher) { r.Reason = " " }, "reversal.reason_required"},
		{"a long one", func(r *reversal.Request, _ *voucher.Voucher) { r.Reason = strings.Repeat("长", 2001) }, "reversal.too_long"},
		{"no day", func(r *reversal.Request, _ *voucher.Voucher) { r.Date = "2026-02-30" }, "reversal.bad_date"},
		{"a day before", func(r *reversal.Request, _ *voucher.Voucher) { r.Date = "2026-03-30" }, "reversal.before_voucher"},
		{"of a reversal", func(_ *reversal.Request, v *voucher.Voucher) { v.Kind = voucher.Reversal }, "reversal.of_reversal"},
	} {
		r, of := good, v
		tt.change(&r, &of)
		require.Equal(t, tt.code, fault.CodeOf(r.Check(of)), tt.name)
	}
}

func TestARulingIsJudged(t *testing.T) {
	parked := reversal.State{Status: reversal.Parked, Attempt: 1}
	for _, tt := range []struct {
		name string
		s    reversal.State
		r    reversal.Said
		code string
	}{
		{"again", parked, reversal.Said{Ruling: reversal.Retry, Attempt: 1}, ""},
		{"another day", parked, reversal.Said{Ruling: reversal.Redate, Attempt: 1, Date: "2026-05-01"}, ""},
		{"a day before the voucher", parked, reversal.Said{Ruling: reversal.Redate, Attempt: 1, Date: "2026-01-01"},
			"reversal.before_voucher"},
		{"given up", parked, reversal.Said{Ruling: reversal.GiveUp, Attempt: 1, Opinion: "by hand"}, ""},
		{"given up without a word", parked, reversal.Said{Ruling: reversal.GiveUp, Attempt: 1}, "reversal.reason_required"},
		{"another attempt", parked, reversal.Said{Ruling: reversal.Retry}, "reversal.moved_on"},
		{"not parked", reversal.State{Status: reversal.Approved}, reversal.Said{Ruling: reversal.Retry}, "reversal.not_parked"},
		{"no ruling", parked, reversal.Said{Ruling: "void", Attempt: 1}, "reversal.bad_ruling"},
	} {
		require.Equal(t, tt.code, fault.CodeOf(tt.s.Rule(tt.r, "2026-03-31")), tt.name)
	}
}
