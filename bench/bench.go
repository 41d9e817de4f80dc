package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/walk"
)

// Options says how much is measured.
type Options struct {
	Documents int // of each kind and round
	Clients   int // at once
	Rounds    int // ours and the floor in turn, so often
	Out       io.Writer
	Progress  io.Writer
}

const warmUp = 10 // documents of each kind, not counted

// approvers decide the reference flow in order.
var approvers = []string{"wang", "zhao", "liu"}

// Run measures and prints the report; its last line is the CPU ratio.
func Run(ctx context.Context, o Options) (err error) {
	h, err := openHouse(ctx, o.Progress, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	db, err := sql.Open("postgres", h.stack.DatabaseURL())
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	m := &measurement{house: h, db: db, options: o, ours: &side{}, floor: &side{}}
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
	db      *sql.DB
	options Options
	ours    *side
	floor   *side
	last    string // id of a document of ours, and of a flow of the floor, whose
	lastFlo string // histories are counted
}

func (m *measurement) warm(ctx context.Context) error {
	var t timings
	if err := m.walkOurs(ctx, "warm", warmUp, &t); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	return m.walkFloor("warm", warmUp, &t)
}

// round measures ours and the floor once each, in an order that alternates, so
// that neither always profits from the other's warmth.
func (m *measurement) round(ctx context.Context, round int) error {
	run := fmt.Sprintf("r%d", round)
	ours := func() error {
		return m.ours.measure(m.house, []string{"gateway", "worker", "relay"}, m.options.Documents, func(t *timings) error {
			return m.walkOurs(ctx, run, m.options.Documents, t)
		})
	}
	floor := func() error {
		return m.floor.measure(m.house, []string{"floor"}, m.options.Documents, func(t *timings) error {
			return m.walkFloor(run, m.options.Documents, t)
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

func (m *measurement) walkFloor(run string, documents int, t *timings) error {
	f := m.house.floor
	if err := f.orders.Encode(order{Run: run, Documents: documents, Clients: m.options.Clients}); err != nil {
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
	m.lastFlo = fmt.Sprintf("floor-%s-0", run)
	return nil
}

// walkOurs walks documents with so many clients at once and waits until the
// last one is closed.
func (m *measurement) walkOurs(ctx context.Context, run string, documents int, t *timings) error {
	transport := &http.Transport{MaxIdleConnsPerHost: 2 * m.options.Clients}
	defer transport.CloseIdleConnections()
	people := map[string]*walk.Client{}
	for person, token := range m.house.tokens {
		people[person] = &walk.Client{Base: m.house.url, Token: token, HTTP: &http.Client{Transport: transport}}
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(m.options.Clients)
	for n := range documents {
		group.Go(func() error {
			id, err := ourDocument(groupCtx, m.db, people, fmt.Sprintf("bench-%s-%d", run, n), t)
			if n == 0 {
				m.last = id
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return m.awaitClosed(ctx)
}

// ourDocument walks one document: draft and submission, three decisions.
func ourDocument(
	ctx context.Context, db *sql.DB, people map[string]*walk.Client, key string, t *timings,
) (string, error) {
	form := walk.Form{Type: "expense", Title: "bench " + key, Currency: "CNY", Urgency: "normal", Lines: []walk.Line{{
		Category: "travel", Description: "bench", Date: time.Now().UTC().Format(time.DateOnly),
		Amount: walk.Money{Amount: "1000.00", Currency: "CNY"}}}}
	draft, err := people["lin"].Draft(ctx, form, key+"-draft")
	if err != nil {
		return "", fmt.Errorf("drafting: %w", err)
	}
	began := time.Now()
	if _, err := people["lin"].SubmitDraft(ctx, draft.ID, key); err != nil {
		return "", fmt.Errorf("submitting: %w", err)
	}
	t.submitted(time.Since(began))
	for _, person := range approvers {
		task, err := awaitTask(ctx, db, people[person], person, draft.ID)
		if err != nil {
			return "", err
		}
		began := time.Now()
		if _, err := people[person].Decide(ctx, task, "approve", "", key+person); err != nil {
			return "", fmt.Errorf("deciding: %w", err)
		}
		t.decided(time.Since(began))
	}
	return draft.ID, nil
}

// awaitTask waits until the person is asked, as a notice would tell them, and
// then opens the document and reads what to decide.
func awaitTask(ctx context.Context, db *sql.DB, c *walk.Client, person, id string) (walk.Task, error) {
	if err := awaitRow(ctx, db, `SELECT EXISTS (
		SELECT FROM tasks WHERE document = $1 AND assignee = $2 AND state = 'open')`, id, person); err != nil {
		return walk.Task{}, fmt.Errorf("%s was never asked: %w", person, err)
	}
	d, err := c.Document(ctx, id)
	if err != nil {
		return walk.Task{}, fmt.Errorf("reading: %w", err)
	}
	for _, t := range d.Tasks {
		if t.Assignee == person && t.State == "open" {
			return t, nil
		}
	}
	return walk.Task{}, fmt.Errorf("%s has no open task on %s", person, id)
}

func (m *measurement) awaitClosed(ctx context.Context) error {
	for {
		var open int
		err := m.db.QueryRowContext(ctx, `SELECT count(*) FROM documents WHERE status NOT IN ('draft', 'closed')`).Scan(&open)
		if err != nil {
			return fmt.Errorf("counting open documents: %w", err)
		}
		if open == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d documents were never closed: %w", open, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}
