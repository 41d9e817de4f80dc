package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

var byMail = []notice.Channel{notice.Mail}

// plan plans what was claimed, for people who are reached by mail and are at work.
func (w *world) plan(s *store.Store, due []store.Notice, m notice.Manners) []store.Delivery {
	w.t.Helper()
	begun, err := s.PlanNotices(w.ctx, due, planner(due, m, notice.Wishes{}))
	require.NoError(w.t, err)
	return begun
}

func planner(due []store.Notice, m notice.Manners, wishes notice.Wishes) store.Planner {
	return func(now time.Time, told map[string][]time.Time) map[string]notice.Plan {
		waiting := map[string][]notice.Waiting{}
		for _, n := range due {
			waiting[n.Person] = append(waiting[n.Person], notice.Waiting{ID: n.ID, Kind: n.Kind, Urgent: n.Urgent})
		}
		plans := map[string]notice.Plan{}
		for person, these := range waiting {
			plans[person] = m.Plan(these, wishes, notice.Situation{Now: now, Zone: time.UTC, Working: true,
				Spent: told[person], Reach: byMail})
		}
		return plans
	}
}

func (w *world) end(s *store.Store, d store.Delivery, state, failure string) {
	w.t.Helper()
	require.NoError(w.t, s.DeliveriesEnded(w.ctx, []store.DeliveryEnd{{ID: d.ID, Channel: notice.Mail, State: state,
		Failure: failure}}))
}

// asked opens so many tasks of somebody, and claims what they are owed.
func (w *world) asked(person string, n int) []store.Notice {
	w.t.Helper()
	for range n {
		w.routed("train", approval.AnyOf, person)
	}
	due, err := w.s.ClaimNotices(w.ctx, 100)
	require.NoError(w.t, err)
	require.Len(w.t, due, n)
	return due
}

// noticesUnder does with the least rights what each process does.
func (w *world) noticesUnder(relay, worker, gateway *store.Store, due []store.Notice) {
	w.t.Helper()
	begun := w.plan(relay, due, notice.Manners{})
	for _, d := range begun {
		w.end(relay, d, store.DeliveryWaiting, "nobody there")
	}
	_, err := relay.ClaimUnanswered(w.ctx, 10)
	require.NoError(w.t, err)
	_, err = relay.PlanAgain(w.ctx, due, planner(due, notice.Manners{}, notice.Wishes{}))
	require.NoError(w.t, err)
	_, err = worker.MakeDigest(w.ctx, "digest", begun[0].Person, byMail)
	require.NoError(w.t, err)
	_, err = worker.DigestsWaiting(w.ctx, "", 10)
	require.NoError(w.t, err)
	_, err = relay.ClaimDeliveries(w.ctx, 10, notice.Manners{Budget: 1})
	require.NoError(w.t, err)
	_, err = relay.DropDeliveries(w.ctx, time.Hour, 10)
	require.NoError(w.t, err)
	_, err = relay.DropLetters(w.ctx, time.Hour, 10)
	require.NoError(w.t, err)
	_, err = relay.TasksOver(w.ctx, []string{"task"})
	require.NoError(w.t, err)
	require.NoError(w.t, relay.KeepWebhooks(w.ctx, nil))
	_, err = relay.WishesOf(w.ctx, []string{"ann"})
	require.NoError(w.t, err)
	_, err = worker.IMLinksOf(w.ctx, []string{"ann"})
	require.NoError(w.t, err)
	for _, s := range []*store.Store{relay, gateway} {
		_, err = s.NoticeKey(w.ctx)
		require.NoError(w.t, err)
	}
	_, err = gateway.Deliveries(w.ctx, store.DeliveryFilter{})
	require.NoError(w.t, err)
	_, err = gateway.DeadAddresses(w.ctx)
	require.NoError(w.t, err)
	has, err := gateway.HasMailReply(w.ctx, "<1@example.com>")
	require.NoError(w.t, err)
	require.False(w.t, has)
	for range 2 {
		require.NoError(w.t, gateway.KeepMailReply(w.ctx, store.MailReply{ID: "<1@example.com>", Letter: "gone", Person: "ann",
			Outcome: store.ReplyRefused, Code: "reply.unclear"}, notice.Notice{Kind: notice.ReplyRefused}))
	}
	require.NoError(w.t, gateway.ReachAgain(w.ctx, store.ReachedAgain{Person: "ann", By: "adm"}, "ann@example.com"))
	_, _, err = gateway.HeldFor(w.ctx, "ann", 10)
	require.NoError(w.t, err)
}

// TestABudgetIsKept plays what a relay does over some hours: what is over the budget is
// held, comes in one digest, and is told once.
func TestABudgetIsKept(t *testing.T) {
	w := newWorld(t)
	manners := notice.Manners{Budget: 3}
	begun := w.plan(w.s, w.asked("ann", 4), manners)
	require.Len(t, begun, 2, "the last of the budget is the digest's")
	w.end(w.s, begun[0], store.DeliveryDelivered, "")
	w.end(w.s, begun[1], store.DeliveryWaiting, "mail is away")

	held, all, err := w.s.HeldFor(w.ctx, "ann", 1)
	require.NoError(t, err)
	require.Len(t, held, 1)
	require.Equal(t, 2, all)
	require.Equal(t, notice.OverBudget, held[0].Held)
	waiting, err := w.s.DigestsWaiting(w.ctx, "", 10)
	require.NoError(t, err)
	require.Equal(t, []store.DigestWaiting{{Person: "ann", Oldest: waiting[0].Oldest}}, waiting)
	require.WithinDuration(t, time.Now(), waiting[0].Oldest, time.Hour)

	w.root.MustExec(`UPDATE tasks SET state = 'approved' WHERE id = (SELECT task FROM notices WHERE id = $1)`, held[0].ID)
	for range 2 {
		made, err := w.s.MakeDigest(w.ctx, "digest.ann.1", "ann", byMail)
		require.NoError(t, err)
		_ = made // the second finds nothing
	}
	w.root.MustExec(`UPDATE notice_deliveries SET next_try = clock_timestamp()`)
	claimed, err := w.s.ClaimDeliveries(w.ctx, 10, manners)
	require.NoError(t, err)
	require.Len(t, claimed, 2, "a digest, and what failed before: it may have arrived and counts once")
	for _, d := range claimed {
		if d.Shape == store.DeliveryDigest {
			require.Len(t, d.All, 1, "what is over asks for nothing")
		}
		w.end(w.s, d, store.DeliveryDelivered, "")
	}
	_, all, err = w.s.HeldFor(w.ctx, "ann", 1)
	require.NoError(t, err)
	require.Zero(t, all)
	page, err := w.s.Deliveries(w.ctx, store.DeliveryFilter{Person: "ann", State: store.DeliveryDelivered, Channel: "mail"})
	require.NoError(t, err)
	require.Len(t, page.Items, 3)
	require.Len(t, w.plan(w.s, w.asked("ann", 1), manners), 0, "the hour is spent")
	w.root.MustExec(`UPDATE notice_deliveries SET tried_at = tried_at - interval '1 hour', made_at = made_at - interval '1 day'`)
	require.Len(t, w.plan(w.s, w.asked("ann", 1), manners), 1, "another hour")
	dropped, err := w.s.DropDeliveries(w.ctx, time.Hour, 10)
	require.NoError(t, err)
	require.Equal(t, 3, dropped)
}

// TestARepeatThatIsTooMuchIsHeld: what failed waits for the digest where others were told
// meanwhile, and a digest waits until there is budget for it.
func TestARepeatThatIsTooMuchIsHeld(t *testing.T) {
	w := newWorld(t)
	late := w.plan(w.s, w.asked("ann", 1), notice.Manners{})
	w.end(w.s, late[0], store.DeliveryWaiting, "mail is away")
	w.root.MustExec(`UPDATE notice_deliveries SET tried_at = tried_at - interval '2 hours', next_try = clock_timestamp() + interval '1 hour'`)
	for _, d := range w.plan(w.s, w.asked("ann", 2), notice.Manners{}) {
		w.end(w.s, d, store.DeliveryDelivered, "")
	}
	w.root.MustExec(`UPDATE notice_deliveries SET next_try = clock_timestamp()`)
	claimed, err := w.s.ClaimDeliveries(w.ctx, 10, notice.Manners{Budget: 3})
	require.NoError(t, err)
	require.Empty(t, claimed)
	made, err := w.s.MakeDigest(w.ctx, "digest.ann.1", "ann", byMail)
	require.NoError(t, err)
	require.True(t, made, "what was held is told in the digest")
	claimed, err = w.s.ClaimDeliveries(w.ctx, 10, notice.Manners{Budget: 2})
	require.NoError(t, err)
	require.Empty(t, claimed)
	w.root.MustExec(`UPDATE notice_deliveries SET next_try = clock_timestamp()`)
	claimed, err = w.s.ClaimDeliveries(w.ctx, 10, notice.Manners{Budget: 3})
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	w.end(w.s, claimed[0], store.DeliveryFailed, "no such box")
	dead, err := w.s.DeadAddresses(w.ctx)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	require.Equal(t, store.DeadAddress{Person: "ann", Failure: "no such box", Since: dead[0].Since, Held: 1}, dead[0])
	held, _, err := w.s.HeldFor(w.ctx, "ann", 10)
	require.NoError(t, err)
	require.Equal(t, notice.Unreachable, held[0].Held, "nothing is lost")
}

// TestWhoDoesNotLookIsToldAgain, unless they looked or the task is over.
func TestWhoDoesNotLookIsToldAgain(t *testing.T) {
	w := newWorld(t)
	begun := w.plan(w.s, w.asked("ann", 3), notice.Manners{})
	var ends []store.DeliveryEnd
	for _, d := range begun {
		ends = append(ends, store.DeliveryEnd{ID: d.ID, Channel: notice.App, State: store.DeliveryDelivered, AgainAt: time.Now().Add(-time.Second)})
	}
	require.NoError(t, w.s.DeliveriesEnded(w.ctx, ends))
	require.NoError(t, w.s.NoticeRead(w.ctx, "ann", begun[0].Notices[0]))
	w.root.MustExec(`UPDATE tasks SET state = 'approved' WHERE id = $1`, begun[1].All[0].Task)
	due, err := w.s.ClaimUnanswered(w.ctx, 10)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, begun[2].Notices[0], due[0].ID)

	quiet := notice.Wishes{QuietFrom: 0, QuietUntil: 22 * 60}
	if time.Now().UTC().Hour() >= 21 { // not to be quiet at the wrong end of the day
		quiet = notice.Wishes{QuietFrom: 12 * 60, QuietUntil: 10 * 60}
	}
	again, err := w.s.PlanAgain(w.ctx, due, planner(due, notice.Manners{}, quiet))
	require.NoError(t, err)
	require.Empty(t, again, "at night it waits")
	none, err := w.s.ClaimUnanswered(w.ctx, 10)
	require.NoError(t, err)
	require.Empty(t, none)
	again, err = w.s.PlanAgain(w.ctx, due, planner(due, notice.Manners{}, notice.Wishes{}))
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, store.DeliveryAgain, again[0].Shape)
	w.end(w.s, again[0], store.DeliveryDelivered, "")
	w.root.MustExec(`UPDATE notices SET again_at = again_at - interval '1 day'`)
	none, err = w.s.ClaimUnanswered(w.ctx, 10)
	require.NoError(t, err)
	require.Empty(t, none, "once")
}

// TestLettersAreForgotten once their links serve no more, and the cards of messaging apps
// with them; one that still shows a task stays, and what serves goes by nobody's hand.
func TestLettersAreForgotten(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	for i, state := range []string{"ended", "shown"} {
		life := time.Duration(1-2*i) * time.Hour // the letters: one serves, one does not
		require.NoError(t, w.s.WriteLetters(w.ctx, store.NewLetter{Letter: store.Letter{ID: state, Person: "ann", Document: d.ID},
			LetterTokens: store.LetterTokens{Page: state, Life: life}}))
		for _, life := range []time.Duration{time.Hour, -3 * time.Hour} {
			id := state + life.String()
			_, err := w.s.IntendIMCard(w.ctx, store.IMCard{ID: id, App: "wecom", Notice: id, Person: "ann", Document: d.ID}, life,
				func(string) []store.IMToken { return []store.IMToken{{Hash: id, Verdict: "approve"}} })
			require.NoError(t, err)
			require.NoError(t, w.s.IMCardIs(w.ctx, id, state, "", ""))
		}
	}
	dropped, err := w.s.DropLetters(w.ctx, 2*time.Hour, 10)
	require.NoError(t, err)
	require.Equal(t, 2, dropped, "a card and its token; the letter is kept for a while longer")
	dropped, err = w.s.DropLetters(w.ctx, time.Minute, 10)
	require.NoError(t, err)
	require.Equal(t, 1, dropped)
	var left []string
	require.NoError(t, w.root.Select(&left, `SELECT id FROM letters UNION ALL SELECT id FROM im_cards UNION ALL
		SELECT hash FROM im_tokens ORDER BY 1`))
	require.Equal(t, []string{"ended", "ended1h0m0s", "ended1h0m0s", "shown-3h0m0s", "shown-3h0m0s", "shown1h0m0s", "shown1h0m0s"}, left)
	for _, table := range []string{"letters", "im_tokens", "im_cards"} {
		_, err := w.root.ExecContext(w.ctx, "DELETE FROM "+table)
		require.ErrorContains(t, err, "it still serves")
	}
}
