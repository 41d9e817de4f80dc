package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/countersign/countersign/walk"
)

// WaitingOptions says how many documents wait.
type WaitingOptions struct {
	Documents int
	Decisions int // on documents whose workflows are warm, and again on cold ones
	Idle      time.Duration
	Out       io.Writer
	Progress  io.Writer
}

// RunWaiting measures what documents cost that wait for people: memory, CPU while
// nothing happens, and the replay when a worker that never saw them takes over.
func RunWaiting(ctx context.Context, o WaitingOptions) (err error) {
	h, err := openHouse(ctx, o.Progress, map[string]any{"relay.interval": "200ms"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	db, err := sql.Open("postgres", h.stack.DatabaseURL())
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	w := &waiting{house: h, db: db, options: o}
	for _, part := range []func(context.Context) error{w.fill, w.rest, w.warm, w.cold} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

type waiting struct {
	house   *house
	db      *sql.DB
	options WaitingOptions
	next    int // the next waiting document to decide
}

func (w *waiting) say(format string, args ...any) { fmt.Fprintf(w.options.Out, format+"\n", args...) }

// fill imports the documents and waits until each asks somebody.
func (w *waiting) fill(ctx context.Context) error {
	began := time.Now()
	var rows bytes.Buffer
	for n := range w.options.Documents {
		row := map[string]any{"key": fmt.Sprint("waiting-", n), "type": "expense", "title": fmt.Sprint("waiting ", n),
			"requester": "lin", "lines": []walk.Line{{Category: "meals", Date: time.Now().UTC().Format(time.DateOnly),
				Amount: walk.Money{Amount: "1200.00", Currency: "CNY"}}}}
		if err := json.NewEncoder(&rows).Encode(row); err != nil {
			return fmt.Errorf("writing rows: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.house.url+"/api/v1/imports", &rows)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+w.house.tokens["wang"])
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("importing: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("importing: %s", response.Status)
	}
	err = w.await(ctx, `SELECT count(DISTINCT document) FROM tasks WHERE state = 'open'`, w.options.Documents)
	if err != nil {
		return err
	}
	took := time.Since(began)
	w.say("%d documents imported and waiting after %.0f s (%.1f/s)", w.options.Documents, took.Seconds(),
		float64(w.options.Documents)/took.Seconds())
	return w.await(ctx, `
		SELECT -count(*) FROM notices WHERE sent_at IS NULL AND failure = '' AND NOT quiet AND held <> 'moot'`, 0)
}

func (w *waiting) await(ctx context.Context, query string, wanted int) error {
	said := time.Now()
	for {
		var n int
		if err := w.db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return fmt.Errorf("counting: %w", err)
		}
		if n >= wanted {
			return nil
		}
		if time.Since(said) > 10*time.Second {
			fmt.Fprintf(w.options.Progress, "%d of %d\n", n, wanted)
			said = time.Now()
		}
		if err := wait(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
}

// settling is how long the servers put away what the import left (checkpoints, vacuum,
// memory that goes back to the system) before rest is measured: it is not what waiting costs.
const settling = 90 * time.Second

// rest measures memory and CPU while nothing happens.
func (w *waiting) rest(ctx context.Context) error {
	if err := wait(ctx, settling); err != nil {
		return err
	}
	names := []string{"gateway", "worker", "relay"}
	before, err := w.house.cpu(names)
	if err != nil {
		return err
	}
	if err := wait(ctx, w.options.Idle); err != nil {
		return err
	}
	after, err := w.house.cpu(names)
	if err != nil {
		return err
	}
	var together, text int64
	for _, name := range sortedNames(after) {
		used := float64((after[name] - before[name]).Milliseconds()) / w.options.Idle.Seconds()
		bytes, err := memoryOf(w.house.pid(name))
		if err != nil {
			return err
		}
		own, err := ownMemoryOf(w.house.pid(name))
		if err != nil {
			return err
		}
		w.say("at rest: %-8s %6.1f CPU-ms a second  %5.0f MiB, its own %5.0f", name, used,
			float64(bytes)/(1<<20), float64(own)/(1<<20))
		if name == "gateway" || name == "worker" {
			together, text = together+own, max(text, bytes-own)
		}
	}
	w.say("at rest: gateway and worker together %.0f MiB, the program's text counted once", float64(together+text)/(1<<20))
	return nil
}

func (w *waiting) warm(ctx context.Context) error {
	return w.decide(ctx, "workflows in the worker's memory")
}

// cold kills the worker and lets a new one, which knows nothing, take over.
func (w *waiting) cold(ctx context.Context) error {
	if err := w.house.restart("worker"); err != nil {
		return err
	}
	time.Sleep(5 * time.Second) // past the sticky timeout of the dead worker
	return w.decide(ctx, "replayed by a new worker")
}

// decide decides waiting documents one after the other.
func (w *waiting) decide(ctx context.Context, what string) error {
	const query = `
		SELECT id, document, round, (SELECT content_hash FROM documents d WHERE d.id = t.document)
		FROM tasks t WHERE state = 'open' AND assignee = 'chen' ORDER BY id DESC OFFSET $1 LIMIT $2`
	rows, err := w.db.QueryContext(ctx, query, w.next, w.options.Decisions)
	if err != nil {
		return fmt.Errorf("finding tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var tasks []walk.Task
	for rows.Next() {
		var t walk.Task
		if err := rows.Scan(&t.ID, &t.Document, &t.Round, &t.ContentHash); err != nil {
			return fmt.Errorf("finding tasks: %w", err)
		}
		tasks = append(tasks, t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("finding tasks: %w", err)
	}
	before, err := cpuOf(w.house.pid("worker"))
	if err != nil {
		return err
	}
	var t timings
	chen := &walk.Client{Base: w.house.url, Token: w.house.tokens["chen"]}
	for _, task := range tasks {
		began := time.Now()
		if _, err := chen.Decide(ctx, task, "approve", "", "waiting-"+task.ID); err != nil {
			return fmt.Errorf("deciding: %w", err)
		}
		t.decided(time.Since(began))
	}
	after, err := cpuOf(w.house.pid("worker"))
	if err != nil {
		return err
	}
	w.say("%d decisions, %s: p50 / p99 %s, %.1f CPU-ms of the worker each", len(tasks), what, waits(t.decides),
		float64((after-before).Microseconds())/1000/float64(max(1, len(tasks))))
	return nil
}
