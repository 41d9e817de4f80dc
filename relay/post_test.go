package relay_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// postHouse is a real database, and people who are reached by mail and by app.
type postHouse struct {
	*testing.T
	store *store.Store
	root  *sqlx.DB
	post  *relay.Post
	box   *safeBox
	app   *phones
}

// safeBox keeps the letters of everybody.
type safeBox struct {
	people  org.Snapshot
	mu      sync.Mutex
	letters map[string][]mail.Letter // by address
	fail    error
}

func (b *safeBox) Snapshot(context.Context, int64) (*org.Snapshot, error) { return &b.people, nil }

func (b *safeBox) Send(_ context.Context, l mail.Letter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.letters[l.Address] = append(b.letters[l.Address], l)
	return nil
}

// phones are an app on which cards are shown.
type phones struct {
	im.Port
	mu    sync.Mutex
	cards map[string][]im.Card // by the platform's id of somebody
	fail  error
}

func (p *phones) Name() string                  { return "wecom" }
func (p *phones) Capabilities() im.Capabilities { return im.Capabilities{} }
func (p *phones) Send(_ context.Context, to string, c im.Card) (im.Sent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return im.Sent{}, p.fail
	}
	p.cards[to] = append(p.cards[to], c)
	return im.Sent{To: to, Card: c.ID}, nil
}

func newPostHouse(t *testing.T, people int) *postHouse {
	s, address := storetest.Open(t)
	root := sqlx.MustConnect("postgres", address)
	t.Cleanup(func() { _ = root.Close() })
	h := &postHouse{T: t, store: s, root: root, app: &phones{cards: map[string][]im.Card{}},
		box: &safeBox{letters: map[string][]mail.Letter{}, people: org.Snapshot{People: map[string]org.Person{},
			Entities: map[string]org.LegalEntity{"cn": {ID: "cn", Zone: "Asia/Shanghai"}}}}}
	for i := range people {
		id := fmt.Sprintf("p%03d", i)
		h.box.people.People[id] = org.Person{ID: id, Name: "P " + id, Email: id + "@example.com", Locale: "en", Entity: "cn", Active: true}
	}
	letters := &relay.Mail{Sender: h.box, Directory: h.box, Text: i18n.Shipped().Text, Locale: "zh-CN", Zone: time.UTC,
		PublicURL: "https://cs.example.com", Wishes: s}
	h.post = &relay.Post{Book: s, Mail: letters, Keep: time.Hour,
		Cards: &relay.Cards{Book: s, Mail: letters, Apps: []relay.CardApp{{Port: h.app}}}}
	return h
}

// owe enqueues so many notices of a kind to somebody.
func (h *postHouse) owe(person, kind string, n int) {
	h.Helper()
	h.root.MustExec(`
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $2 || '.' || gen_random_uuid() || '.' || $1, $2, $1, '', '', '', '', false,
		       jsonb_build_object('number', 'EXP-' || n, 'title', 'Taxi', 'due_at', '', 'step', '')
		FROM generate_series(1, $3) n`, person, kind, n)
}

// tasks opens tasks of somebody, and owes a notice of each. Their documents are not needed.
func (h *postHouse) tasks(person string, ids ...string) {
	h.Helper()
	for _, id := range ids {
		h.root.MustExec(fmt.Sprintf(`
			SET session_replication_role = replica;
			INSERT INTO tasks (id, document, step, step_title, round, assignee, via, slot, state, opened_at, opened_seq, remind_at)
			VALUES ('%[1]s', 'd-%[1]s', 's', '{}', 1, '%[2]s', '', 0, 'open', clock_timestamp(), 1, '[]');
			INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
			VALUES ('n-%[1]s', 'task.opened', '%[2]s', '', '', 'd-%[1]s', '%[1]s', false,
			        jsonb_build_object('number', 'EXP-%[1]s', 'title', 'Taxi', 'due_at', '', 'step', ''));
			RESET session_replication_role`, id, person))
	}
}

// rounds tells until there is nothing more to do at once.
func (h *postHouse) rounds() {
	for h.post.Round(h.Context(), 100).More {
		continue
	}
}

func (h *postHouse) count(query string, args ...any) (n int) {
	h.Helper()
	require.NoError(h, h.root.Get(&n, query, args...))
	return n
}

// later lets time pass for what waits, not for what was told.
func (h *postHouse) later() {
	h.root.MustExec(`UPDATE notices SET next_try = clock_timestamp() WHERE next_try < 'infinity'`)
	h.root.MustExec(`UPDATE notice_deliveries SET next_try = clock_timestamp()`)
}

// TestAStormDrownsNobody is a storm in small: everybody
// is owed far more than their budget allows. Nobody gets more, and what they do not get
// is in their digest.
func TestAStormDrownsNobody(t *testing.T) {
	const people, each, budget = 12, 40, 4
	h := newPostHouse(t, people)
	h.post.Manners = notice.Manners{Budget: budget, Gather: time.Nanosecond}
	for range 6 { // ever more, and every time all of it is due
		for id := range h.box.people.People {
			h.owe(id, "voucher.parked", each/6)
		}
		h.rounds()
		h.later()
	}
	for id := range h.box.people.People {
		made, err := h.store.MakeDigest(t.Context(), "digest."+id, id, []notice.Channel{notice.Mail})
		require.NoError(t, err)
		require.True(t, made)
	}
	require.Equal(t, people*3*6, h.count(`SELECT count(*) FROM notices WHERE sent_at IS NOT NULL`))
	h.rounds()
	for address, letters := range h.box.letters {
		require.Len(t, letters, budget, address)
		require.Equal(t, "6 notices for you", letters[0].Subject)
		require.Equal(t, "Your digest: 18 notices", letters[budget-1].Subject)
	}
	require.Len(t, h.box.letters, people)
	require.Zero(t, h.count(`SELECT count(*) FROM notices WHERE sent_at IS NULL`), "everything owed was told")
}

// TestWhatWasHeldComesInTheDigest in the words and the language of its reader, within the
// budget; what failed for good is held again.
func TestWhatWasHeldComesInTheDigest(t *testing.T) {
	h := newPostHouse(t, 1)
	require.NoError(t, h.store.SaveWishes(t.Context(), "p000", notice.Wishes{Locale: "zh-CN",
		Ways: map[notice.Urgency]notice.Way{notice.News: notice.InDigest}, Muted: []notice.Topic{notice.Talk}}))
	h.owe("p000", "document.approved", 2)
	h.owe("p000", notice.Mentioned, 1)
	h.owe("p000", notice.PasskeyAdded, 1)
	h.owe("gone", "document.approved", 1)
	h.rounds()
	require.Len(t, h.box.letters["p000@example.com"], 1, "about their account")
	require.Equal(t, 1, h.count(`SELECT count(*) FROM notices WHERE held = 'muted'`))
	require.Equal(t, 1, h.count(`SELECT count(*) FROM notices WHERE held = 'nobody' AND failure = 'notice.nobody'`))
	for _, tt := range []struct {
		fail  error
		state string
	}{
		{errors.New("mail is away"), store.DeliveryWaiting},
		{fault.New(fault.Invalid, "mail.refused", fault.Arg("words", "550 no such box")), store.DeliveryFailed},
		{nil, store.DeliveryDelivered},
	} {
		h.box.fail = tt.fail
		made, err := h.store.MakeDigest(t.Context(), "digest."+tt.state, "p000", []notice.Channel{notice.Mail})
		require.NoError(t, err)
		require.Equal(t, tt.state != store.DeliveryFailed, made, "%s: the one before still waits", tt.state)
		h.later()
		h.rounds()
		require.Equal(t, 1, h.count(`SELECT count(*) FROM notice_deliveries WHERE shape = 'digest' AND state = $1`, tt.state))
	}
	letters := h.box.letters["p000@example.com"]
	require.Len(t, letters, 2)
	require.Equal(t, "通知汇总：共 2 条", letters[1].Subject)
	require.Contains(t, letters[1].Body, "EXP-1")
	require.Contains(t, letters[1].Body, "EXP-2")
	require.NotContains(t, letters[1].Body, "…")
}

// TestByAppThenByMail: by the app first, by mail where the app refuses, and by mail again
// where nobody looks.
func TestByAppThenByMail(t *testing.T) {
	h := newPostHouse(t, 1)
	h.root.MustExec(`INSERT INTO im_people (id, app, person, platform, how) VALUES ('1', 'wecom', 'p000', 'wx-1', 'email')`)
	h.post.Manners = notice.Manners{Gather: time.Nanosecond, Unanswered: calendar.Duration{Count: 1, Unit: calendar.Second}}
	h.owe("p000", "task.opened", 7)
	h.rounds()
	require.Len(t, h.app.cards["wx-1"], 1)
	card := h.app.cards["wx-1"][0]
	require.Equal(t, "7 requests wait for your decision", card.Title)
	require.Len(t, card.Rows, 6)
	require.Equal(t, "and 2 more", card.Rows[5].Value)
	require.Empty(t, card.Buttons, "it leads to the page, and decides nothing")
	require.Equal(t, "https://cs.example.com/", card.Link)
	require.Empty(t, h.box.letters)

	h.app.fail = fault.New(fault.Forbidden, port.CodeNobody)
	h.owe("p000", "voucher.parked", 1)
	h.rounds()
	require.Len(t, h.box.letters["p000@example.com"], 1, "the app refuses: a letter goes instead")
	require.Equal(t, 1, h.count(`SELECT count(*) FROM notice_deliveries WHERE channel = 'mail' AND state = 'delivered'`))

	h.owe("p000", "document.approved", 1)
	h.rounds()
	require.Len(t, h.box.letters["p000@example.com"], 2, "news come by mail")
	subjects := []string{}
	for _, l := range h.box.letters["p000@example.com"] {
		subjects = append(subjects, l.Subject)
	}
	require.True(t, slices.ContainsFunc(subjects, func(s string) bool { return strings.Contains(s, "approved") }))
}

// TestWhatIsDueToSomebodyIsToldTogether, however much it is and however little is claimed at once.
func TestWhatIsDueToSomebodyIsToldTogether(t *testing.T) {
	h := newPostHouse(t, 2)
	h.post.Manners = notice.Manners{Budget: 10, Gather: time.Hour}
	for id := range h.box.people.People {
		h.owe(id, "voucher.parked", 120)
	}
	h.rounds()
	for address, letters := range h.box.letters {
		require.Len(t, letters, 1, address)
		require.Equal(t, "120 notices for you", letters[0].Subject)
	}
}

// TestOnlyWhatIsNotOwedCanBeLeft: a letter of news has its link, sealed for whom it is to;
// one that asks for a decision has none.
func TestOnlyWhatIsNotOwedCanBeLeft(t *testing.T) {
	h := newPostHouse(t, 2)
	h.post.Manners = notice.Manners{Budget: 10, Gather: time.Hour}
	h.owe("p000", "document.closed", 2)
	h.owe("p001", "task.opened", 2)
	h.rounds()
	key, err := h.store.NoticeKey(t.Context())
	require.NoError(t, err)
	news, asks := h.box.letters["p000@example.com"], h.box.letters["p001@example.com"]
	require.Len(t, news, 1)
	sealed, ours := strings.CutPrefix(news[0].Leave, "https://cs.example.com/leave/")
	require.True(t, ours, news[0].Leave)
	leave, ok := notice.ReadLeave(key, sealed)
	require.True(t, ok)
	require.Equal(t, notice.Leave{Person: "p000", Topics: []notice.Topic{notice.Requests}}, leave)
	require.Len(t, asks, 1)
	require.Empty(t, asks[0].Leave)
}

// letterBook counts how often letters are written down.
type letterBook struct {
	relay.LetterBook
	writes, letters int
}

func (b *letterBook) WriteLetters(ctx context.Context, letters ...store.NewLetter) error {
	b.writes, b.letters = b.writes+1, b.letters+len(letters)
	return b.LetterBook.WriteLetters(ctx, letters...)
}

// TestLettersOfABatchAreWrittenDownAtOnce: each leads to a page of its own, of its reader
// and their task; one that is a letter only where the app is away is written down then.
func TestLettersOfABatchAreWrittenDownAtOnce(t *testing.T) {
	h := newPostHouse(t, 12)
	book := &letterBook{LetterBook: h.store}
	h.post.Mail.Letters = book
	h.post.Manners = notice.Manners{Budget: 10}
	for id := range h.box.people.People {
		h.tasks(id, "t-"+id)
	}
	h.root.MustExec(`SET session_replication_role = replica;
		INSERT INTO documents (id, type, title, reason, entity, department, submitter, requester, payee_kind, payee_id,
		    payee_name, payee_account, urgency, status, total_minor, currency, base_minor, base_currency, number, seq)
		SELECT document, 'expense', '', '', 'cn', '', 'p000', 'p000', '', '', '', '', 'normal', 'pending', 1, 'CNY', 1, 'CNY',
		       'EXP-' || id, 1 FROM tasks;
		RESET session_replication_role`)
	h.rounds()
	require.Equal(t, [2]int{1, 12}, [2]int{book.writes, book.letters}, "at once, and all of them")
	for id := range h.box.people.People {
		letters := h.box.letters[id+"@example.com"]
		require.Len(t, letters, 1, id)
		token, ours := strings.CutPrefix(letters[0].Link, "https://cs.example.com/letters/")
		require.True(t, ours, letters[0].Link)
		written, _, err := h.store.LetterByPage(t.Context(), store.HashToken(token))
		require.NoError(t, err)
		require.Equal(t, []string{id, "t-" + id, "n-t-" + id}, []string{written.Person, written.Task, written.Notice})
	}
}

// TestWhatIsOverIsNotAskedFor: what was decided while it gathered, or while the mail server
// was away, is in no letter; where nothing is left there is none, and nothing is spent.
func TestWhatIsOverIsNotAskedFor(t *testing.T) {
	h := newPostHouse(t, 1)
	h.post.Manners = notice.Manners{Budget: 10, Gather: time.Hour}
	h.tasks("p000", "t1", "t2", "t3", "t4")
	h.rounds()
	require.Len(t, h.box.letters["p000@example.com"], 1)

	h.tasks("p000", "t5", "t6", "t7")
	h.rounds()
	h.box.fail = errors.New("mail is away")
	h.root.MustExec(`UPDATE notice_deliveries SET tried_at = tried_at - interval '2 hours'`)
	h.root.MustExec(`UPDATE tasks SET state = 'superseded' WHERE id = 't5'`)
	h.later()
	h.rounds()
	h.root.MustExec(`UPDATE tasks SET state = 'superseded' WHERE id = 't6'`)
	h.box.fail = nil
	h.later()
	h.rounds()
	letters := h.box.letters["p000@example.com"]
	require.Len(t, letters, 2)
	require.Contains(t, letters[1].Body, "EXP-t7")
	require.NotContains(t, letters[1].Body, "EXP-t5")
	require.NotContains(t, letters[1].Body, "EXP-t6")
	require.Equal(t, 2, h.count(`SELECT count(*) FROM notices WHERE held = 'moot' AND sent_at IS NULL AND task IN ('t5', 't6')`))

	h.tasks("p000", "t8")
	h.root.MustExec(`UPDATE notice_deliveries SET tried_at = tried_at - interval '2 hours'`)
	h.root.MustExec(`UPDATE tasks SET state = 'superseded' WHERE id = 't8'`)
	h.rounds()
	require.Len(t, h.box.letters["p000@example.com"], 2)
	require.Equal(t, 1, h.count(`SELECT count(*) FROM notice_deliveries WHERE state = 'moot' AND tried_at IS NULL`))
}
