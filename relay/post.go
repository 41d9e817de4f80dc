package relay

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

const (
	unansweredEvery = 15 * time.Second // between looks for who did not look
	dropEvery       = 10 * time.Minute // between looks for messages that are too old
	dropBatch       = 200
)

// Post tells people what they are owed: it sorts what is due into messages, and sends
// them by app or by mail.
//
//	notices ─▶ notice.Manners.Plan ─▶ notice_deliveries ─▶ card or letter ─▶ what came of it
//	             ├─▶ gathers, and is planned again
//	             └─▶ held ─▶ the digest, of a Temporal Schedule ─▶ notice_deliveries
type Post struct {
	Book    PostBook
	Mail    *Mail  // how people are named, too; its Sender is nil where there is no mail
	Cards   *Cards // nil: nobody has an app
	Manners notice.Manners
	Keep    time.Duration                        // how long messages stay in the log; 0 = for good
	Told    func(shape, channel, outcome string) // counts; nil counts nothing

	mu        sync.Mutex
	calendars map[string]*calendar.Calendar
	loaded    time.Time // when the calendars were
	asked     time.Time // when unanswered notices last were; only the lane of notices looks
	dropped   time.Time // when old messages last were; the same
}

// PostBook is the part of the store that Post needs.
type PostBook interface {
	ClaimNotices(ctx context.Context, limit int) ([]store.Notice, error)
	ClaimUnanswered(ctx context.Context, limit int) ([]store.Notice, error)
	PlanNotices(ctx context.Context, due []store.Notice, plan store.Planner) ([]store.Delivery, error)
	PlanAgain(ctx context.Context, due []store.Notice, plan store.Planner) ([]store.Delivery, error)
	ClaimDeliveries(ctx context.Context, limit int, manners notice.Manners) ([]store.Delivery, error)
	DeliveriesEnded(ctx context.Context, ends []store.DeliveryEnd) error
	TasksOver(ctx context.Context, ids []string) ([]string, error)
	TasksOf(ctx context.Context, ids []string) (map[string]store.Task, error)
	MailAddresses(ctx context.Context, addresses []string) (map[string]store.MailAddress, error)
	DropDeliveries(ctx context.Context, age time.Duration, limit int) (int, error)
	DropLetters(ctx context.Context, age time.Duration, limit int) (int, error)
	WishesOf(ctx context.Context, people []string) (map[string]notice.Wishes, error)
	IMLinksOf(ctx context.Context, people []string) (map[string][]store.IMLink, error)
	CalendarVersions(ctx context.Context) ([]store.CalendarVersion, error)
}

var _ PostBook = (*store.Store)(nil)

// Round tells one batch: what is due, what failed before, and what nobody looked at.
func (p *Post) Round(ctx context.Context, limit int) Told {
	due, more := p.begin(ctx, limit)
	late, err := p.Book.ClaimDeliveries(ctx, limit, p.Manners)
	p.report(ctx, err, "messages that wait were not read")
	p.drop(ctx)
	deliveries := append(due, late...)
	told := Told{More: more || len(late) == limit}
	var mu sync.Mutex
	var ends []store.DeliveryEnd
	for batch := range slices.Chunk(deliveries, aheadMost) {
		known, err := p.ahead(ctx, batch)
		each(batch, noticesAtOnce, func(d store.Delivery) {
			end := p.send(ctx, d, known, err)
			mu.Lock()
			defer mu.Unlock()
			ends = append(ends, end)
			if end.State == store.DeliveryDelivered {
				told.Delivered += len(d.Notices)
			} else if end.State != store.DeliveryMoot {
				told.Failed++
			}
		})
	}
	// One write for the whole batch; after a crash before it they are sent again.
	err = p.Book.DeliveriesEnded(context.WithoutCancel(ctx), ends)
	p.report(ctx, err, "what came of messages was not written")
	return told
}

// begin plans what is due, and what is to be told again.
func (p *Post) begin(ctx context.Context, limit int) (begun []store.Delivery, more bool) {
	ctx, cancel := context.WithTimeout(ctx, claimTimeMax)
	defer cancel()
	due, err := p.Book.ClaimNotices(ctx, limit)
	p.report(ctx, err, "notices were not read")
	if len(due) > 0 {
		crash.At("notices.claimed")
		begun, err = p.plan(ctx, due, p.Book.PlanNotices, func(c []notice.Channel) []notice.Channel { return c })
		p.report(ctx, err, "notices were not planned")
	}
	if time.Since(p.asked) < unansweredEvery || p.Manners.Unanswered.IsZero() {
		return begun, len(due) >= limit
	}
	p.asked = time.Now()
	unanswered, err := p.Book.ClaimUnanswered(ctx, limit)
	p.report(ctx, err, "what nobody looked at was not read")
	again, err := p.plan(ctx, unanswered, p.Book.PlanAgain, other)
	p.report(ctx, err, "what nobody looked at was not planned")
	return append(begun, again...), len(due) >= limit || len(unanswered) == limit
}

// other is the channel to fall back to.
func other(channels []notice.Channel) []notice.Channel { return channels[min(1, len(channels)):] }

// send sends one message, by the first channel that takes it; it waits where what it
// needs to know could not be read.
func (p *Post) send(ctx context.Context, d store.Delivery, known *ahead, unread error) store.DeliveryEnd {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeTimeMax)
	defer cancel()
	end := store.DeliveryEnd{ID: d.ID, State: store.DeliveryFailed, Failure: "notice." + string(notice.Unreachable)}
	if unread != nil {
		end.State, end.Failure = store.DeliveryWaiting, reason(unread)
		return end
	}
	if d.All, end.Moot = known.current(d.All); len(d.All) == 0 {
		end.State, end.Failure = store.DeliveryMoot, ""
		return end
	}
	for i, channel := range d.Channels {
		end.Channel = channel
		err := p.by(ctx, channel, d, known.mail)
		crash.At("notice.delivered")
		if err == nil {
			end.State, end.Failure = store.DeliveryDelivered, ""
			if i == 0 && len(d.Channels) > 1 {
				end.AgainAt = p.againAt(ctx, d)
			}
			break
		}
		end.Failure = reason(err)
		slog.WarnContext(ctx, "relay: a message was not delivered", "delivery", d.ID, "channel", channel, "tries", d.Tries,
			"error", err.Error())
		if kind := fault.KindOf(err); kind != fault.Invalid && kind != fault.Forbidden {
			end.State = store.DeliveryWaiting
			break
		}
	}
	if p.Told != nil {
		p.Told(d.Shape, string(end.Channel), end.State)
	}
	return end
}

// current leaves out what asks for something that is over: a notice waits for others,
// for the budget, or for the mail server, and its task is decided meanwhile.
func (a *ahead) current(all []store.Notice) (left []store.Notice, moot []string) {
	for _, n := range all {
		if notice.Asks(n.Kind) && slices.Contains(a.over, n.Task) {
			moot = append(moot, n.ID)
		} else {
			left = append(left, n)
		}
	}
	return left, moot
}

func (p *Post) by(ctx context.Context, channel notice.Channel, d store.Delivery, mail *Mail) error {
	switch {
	case channel == notice.App:
		return p.Cards.Tell(ctx, d)
	case len(d.All) == 1 && d.Shape != store.DeliveryDigest:
		return mail.Deliver(ctx, d.All[0])
	}
	return mail.DeliverTogether(ctx, d)
}

// againAt is when somebody who was asked is told again, by their calendar; zero where
// nothing was asked.
func (p *Post) againAt(ctx context.Context, d store.Delivery) time.Time {
	asks := false
	for _, n := range d.All {
		asks = asks || notice.Asks(n.Kind)
	}
	if !asks || d.Shape == store.DeliveryDigest || p.Manners.Unanswered.IsZero() {
		return time.Time{}
	}
	people, err := p.Mail.Directory.Snapshot(ctx, 0)
	if err != nil {
		return time.Time{}
	}
	days, err := p.calendar(ctx, people.Entities[people.People[d.Person].Entity].Calendar)
	if err != nil || days == nil {
		return time.Time{}
	}
	due, err := days.Due(time.Now(), p.Manners.Unanswered)
	p.report(ctx, err, "when somebody is told again was not found out")
	return due.At
}

// drop forgets old messages, now and then.
func (p *Post) drop(ctx context.Context) {
	if p.Keep == 0 || time.Since(p.dropped) < dropEvery {
		return
	}
	messages, err := p.Book.DropDeliveries(ctx, p.Keep, dropBatch)
	p.report(ctx, err, "old messages were not forgotten")
	letters, err := p.Book.DropLetters(ctx, p.Keep, dropBatch)
	p.report(ctx, err, "old letters were not forgotten")
	if messages < dropBatch && letters == 0 {
		p.dropped = time.Now()
	}
}

func (p *Post) report(ctx context.Context, err error, what string) {
	if err != nil && !errors.Is(err, context.Canceled) {
		slog.WarnContext(ctx, "relay: "+what, "error", err.Error())
	}
}
