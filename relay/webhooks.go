package relay

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

const (
	webhooksBatch   = 50
	webhooksTimeMax = 30 * time.Second // of one batch to one endpoint: its claim lasts twice as long
	webhooksAtOnce  = 8                // endpoints
	forgetBatch     = 1000
	keepEvery       = time.Minute // far below store's configurationFor
)

// Webhooks tells other systems of what is recorded: each one thing after another, in an
// order of its own, until it answers or is given up.
type Webhooks struct {
	Book   WebhookBook
	Sender interface {
		Send(ctx context.Context, to sending.Endpoint, m webhook.Message) sending.Answer
	}
	To        []webhook.Subscription
	Addresses map[string]sending.Endpoint // by the subscription's id
	PublicURL string                      // how the gateway is reached, without a path
	GiveUp    time.Duration               // for so long an endpoint may fail
	Keep      time.Duration               // for so long what was delivered can be looked at and sent again

	kept time.Time // when the book was last told which endpoints there are
}

// WebhookBook is the part of the store that Webhooks needs.
type WebhookBook interface {
	KeepWebhooks(ctx context.Context, ids []string) error
	SpreadWebhooks(ctx context.Context, to []webhook.Subscription) (more bool, err error)
	ClaimWebhooks(ctx context.Context, of []string) ([]string, error)
	WaitingWebhooks(ctx context.Context, endpoint string, limit int) ([]store.WebhookMessage, error)
	WebhooksTold(ctx context.Context, t store.Told) error
	ForgetWebhooks(ctx context.Context, age time.Duration, limit int) (int, error)
}

// drainWebhooks sorts what was recorded, tells every endpoint that may be told its next
// messages, and says whether to go on at once.
func (r *Relay) drainWebhooks(ctx context.Context) bool {
	w := r.Webhooks
	if time.Since(w.kept) > keepEvery {
		err := w.Book.KeepWebhooks(ctx, w.ids())
		r.report(err, "the endpoints were not written down")
		if err != nil {
			return false
		}
		w.kept = time.Now()
	}
	more, err := w.Book.SpreadWebhooks(ctx, w.To)
	r.report(err, "events were not sorted")
	crash.At("webhooks.spread")
	ids, err := w.Book.ClaimWebhooks(ctx, w.ids())
	r.report(err, "a queue was not read", "queue", "webhooks")
	each(ids, webhooksAtOnce, func(id string) {
		if r.tellEndpoint(context.WithoutCancel(ctx), id) {
			more = true
		}
	})
	if len(ids) == 0 && !more {
		_, err := w.Book.ForgetWebhooks(ctx, w.Keep, forgetBatch)
		r.report(err, "old messages were not deleted")
	}
	return more
}

func (w *Webhooks) ids() []string {
	ids := make([]string, 0, len(w.To))
	for _, to := range w.To {
		ids = append(ids, to.ID)
	}
	return ids
}

// tellEndpoint sends the next messages of one endpoint, and says whether all went well and
// there may be more.
func (r *Relay) tellEndpoint(ctx context.Context, id string) bool {
	w := r.Webhooks
	messages, err := w.Book.WaitingWebhooks(ctx, id, webhooksBatch)
	r.report(err, "messages were not read", "endpoint", id)
	if err != nil {
		return false
	}
	told := store.Told{Endpoint: id, GiveUp: w.GiveUp}
	verdict := webhook.Delivered
	for began := time.Now(); verdict == webhook.Delivered && len(told.Answers) < len(messages) &&
		time.Since(began) < webhooksTimeMax; {
		next := messages[len(told.Answers)]
		var answer store.WebhookAnswer
		var asked time.Duration
		answer, verdict, asked = w.send(ctx, id, next)
		told.Answers = append(told.Answers, answer)
		if verdict != webhook.Delivered {
			wait := webhook.Wait(next.Tries+1, asked)
			told.After = wait + rand.N(wait/5) // so that endpoints behind one door do not come together
		}
		r.Count.done(&r.Count.webhooks, failure(id, answer))
	}
	if verdict == webhook.Gone {
		told.Why = store.WhyGone
	}
	crash.At("webhooks.sent")
	err = w.Book.WebhooksTold(ctx, told)
	r.report(err, "what an endpoint answered was not written", "endpoint", id)
	return err == nil && verdict == webhook.Delivered && len(messages) == webhooksBatch
}

func failure(id string, a store.WebhookAnswer) error {
	if a.OK {
		return nil
	}
	return fmt.Errorf("%s answered %d %s", id, a.Status, a.Words)
}

func (w *Webhooks) send(ctx context.Context, id string, m store.WebhookMessage) (
	store.WebhookAnswer, webhook.Verdict, time.Duration) {
	message, err := w.message(id, m)
	if err != nil {
		return store.WebhookAnswer{No: m.No, Words: err.Error()}, webhook.Again, 0
	}
	answer := w.Sender.Send(ctx, w.Addresses[id], message)
	verdict := webhook.Judge(answer.Status)
	return store.WebhookAnswer{
		No: m.No, OK: verdict == webhook.Delivered, Status: answer.Status, Words: answer.Words, Took: answer.Took,
	}, verdict, answer.After
}

func (w *Webhooks) message(id string, m store.WebhookMessage) (webhook.Message, error) {
	for _, to := range w.To {
		switch {
		case to.ID != id:
		case m.Kind == webhook.Tested:
			return to.Test(m.No, m.MadeAt, w.PublicURL)
		default:
			return to.Of(m.Event, m.Document, m.No, w.PublicURL)
		}
	}
	return webhook.Message{}, fmt.Errorf("%s is not configured here", id)
}
