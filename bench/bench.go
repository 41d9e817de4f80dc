package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/countersign/countersign/walk"
)

// Options says how much is measured.
type Options struct {
	Documents int // of each kind and round
	Clients   int // at once
	Rounds    int // ours and the floor in turn, so often
	Warm      int // documents of each kind before, not counted: a connection plans a statement anew five times
	// Pace is how many documents a second are begun on either side; 0 = as many as the
	// clients can. What a document costs depends on how many there are: servers that are
	// busy take many steps at once, and what they use at rest is shared by more.
	Pace     float64
	Out      io.Writer
	Progress io.Writer
}

// approvers decide the reference flow in order.
var approvers = []string{"wang", "zhao", "liu"}

// Run measures and prints the report; its last line is the CPU ratio.
func Run(ctx context.Context, o Options) (err error) {
	h, err := openHouse(ctx, o.Progress, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	watch, err := observe(ctx, h.stack.DatabaseURL(), lettersLeft)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watch.close()) }()
	m := &measurement{house: h, watch: watch, options: o, ours: &side{}, floor: &side{}}
	if err := m.warm(ctx); err != nil {
		return err
	}
	for round := range o.Rounds {
		fmt.Fprintf(o.Progress, "round %d of %d\n", round+1, o.Rounds)
		if err := m.round(ctx, round); err != nil {
			return err
		}
	}
	return m.report(ctx)
}

// measurement is one run of the benchmark.
type measurement struct {
	house   *house
	watch   *observer
	options Options
	ours    *side
	floor   *side
	last    string // id of a document of ours, and of a flow of the floor, whose
	lastFlo string // histories are counted
}

func (m *measurement) warm(ctx context.Context) error {
	var t timings
	much := order{Run: "warm", Documents: m.options.Warm, Clients: m.options.Clients}
	if err := m.walkOurs(ctx, much, &t); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	return m.walkFloor(much, &t)
}

// round measures ours and the floor once each, in an order that alternates, so
// that neither always profits from the other's warmth.
func (m *measurement) round(ctx context.Context, round int) error {
	much := order{Run: fmt.Sprintf("r%d", round), Documents: m.options.Documents, Clients: m.options.Clients,
		Pace: m.options.Pace}
	ours := func() error {
		return m.measure(ctx, m.ours, []string{"gateway", "worker", "relay"}, func(t *timings) error {
			return m.walkOurs(ctx, much, t)
		})
	}
	floor := func() error {
		return m.measure(ctx, m.floor, []string{"floor"}, func(t *timings) error {
			return m.walkFloor(much, t)
		})
	}
	if round%2 == 1 {
		ours, floor = floor, ours
	}
	if err := ours(); err != nil {
		return err
	}
	return floor()
}

func (m *measurement) walkFloor(much order, t *timings) error {
	f := m.house.floor
	if err := f.orders.Encode(much); err != nil {
		return fmt.Errorf("ordering the floor: %w", err)
	}
	var a answer
	if err := f.answers.Decode(&a); err != nil {
		return fmt.Errorf("reading the floor's answer: %w", err)
	}
	if a.Error != "" {
		return fmt.Errorf("the floor: %s", a.Error)
	}
	t.submits, t.decides = append(t.submits, a.Submits...), append(t.decides, a.Decides...)
	m.lastFlo = fmt.Sprintf("floor-%s-0", much.Run)
	return nil
}

// order says which documents a side walks. The floor reads it from its input.
type order struct {
	Run       string  `json:"run"`
	Documents int     `json:"documents"`
	Clients   int     `json:"clients"`
	Pace      float64 `json:"pace"`
}

// paced walks documents: so many a second are begun at most, and so many are walked at once.
func paced(ctx context.Context, o order, walk func(ctx context.Context, n int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Clients)
	begin := rate.NewLimiter(rate.Inf, 1)
	if o.Pace > 0 {
		begin.SetLimit(rate.Limit(o.Pace))
	}
	for n := range o.Documents {
		if err := begin.Wait(ctx); err != nil {
			break // one of them failed, and says why
		}
		group.Go(func() error { return walk(ctx, n) })
	}
	return group.Wait()
}

// walkOurs walks documents and waits until the last one is closed.
func (m *measurement) walkOurs(ctx context.Context, much order, t *timings) error {
	transport := &http.Transport{MaxIdleConnsPerHost: 2 * m.options.Clients}
	defer transport.CloseIdleConnections()
	people := map[string]*walk.Client{}
	for person, token := range m.house.tokens {
		people[person] = &walk.Client{Base: m.house.url, Token: token, HTTP: &http.Client{Transport: transport}}
	}
	err := paced(ctx, much, func(ctx context.Context, n int) error {
		id, err := ourDocument(ctx, m.watch, people, fmt.Sprintf("bench-%s-%d", much.Run, n), t)
		if n == 0 {
			m.last = id
		}
		return err
	})
	if err != nil {
		return err
	}
	return m.awaitClosed(ctx)
}

// ourDocument walks one document: a submission, three decisions.
func ourDocument(
	ctx context.Context, watch *observer, people map[string]*walk.Client, key string, t *timings,
) (string, error) {
	form := walk.Form{Type: "expense", Title: "bench " + key, Currency: "CNY", Urgency: "normal", Lines: []walk.Line{{
		Category: "travel", Description: "bench", Date: time.Now().UTC().Format(time.DateOnly),
		Amount: walk.Money{Amount: "1000.00", Currency: "CNY"}}}}
	began := time.Now()
	submitted, err := people["lin"].SubmitNew(ctx, form, key)
	if err != nil {
		return "", fmt.Errorf("submitting: %w", err)
	}
	t.submitted(time.Since(began))
	for _, person := range approvers {
		task, err := awaitTask(ctx, watch, person, submitted.ID)
		if err != nil {
			return "", err
		}
		began := time.Now()
		if _, err := people[person].Decide(ctx, task, "approve", "", key+person); err != nil {
			return "", fmt.Errorf("deciding: %w", err)
		}
		t.decided(time.Since(began))
	}
	return submitted.ID, nil
}

// lettersLeft says of documents and people, "document person", who was sent the letter
// that asks, and what it tells. Who decided before it left would spare us letters that the
// floor sends.
const lettersLeft = `
	SELECT t.document || ' ' || t.assignee, json_build_object('id', t.id, 'round', t.round, 'content_hash', d.content_hash)
	FROM tasks t JOIN documents d ON d.id = t.document
	JOIN notices n ON n.document = t.document AND n.task = t.id AND n.person = t.assignee AND n.sent_at IS NOT NULL
	WHERE t.document IN (SELECT split_part(key, ' ', 1) FROM unnest($1::text[]) AS key)
	AND t.document || ' ' || t.assignee = ANY($1) AND t.state = 'open'`

// awaitTask waits until the letter that asks the person has left, and answers with what
// it tells them: the task, the round and the hash of the content.
func awaitTask(ctx context.Context, watch *observer, person, id string) (walk.Task, error) {
	var task walk.Task
	if err := watch.await(ctx, id+" "+person, &task); err != nil {
		return task, fmt.Errorf("%s was never asked: %w", person, err)
	}
	return task, nil
}

// awaitClosed waits until every document is closed and everybody was told.
func (m *measurement) awaitClosed(ctx context.Context) error {
	const query = `
		SELECT true WHERE NOT EXISTS (SELECT FROM documents WHERE status NOT IN ('draft', 'closed'))
		AND NOT EXISTS (SELECT FROM notices WHERE sent_at IS NULL AND failure = '' AND NOT quiet AND held <> 'moot')`
	if err := m.watch.until(ctx, query); err != nil {
		return fmt.Errorf("documents were never closed: %w", err)
	}
	return nil
}
