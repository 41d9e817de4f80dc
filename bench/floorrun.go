package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// FloorOptions says what a process of the floor works with.
type FloorOptions struct {
	Temporal  string // host:port
	Namespace string
	Database  string // URL; one table is made in it
	ERP       erp.Port
	Mail      *mail.Sender
	In        io.Reader // orders, one JSON object a line
	Out       io.Writer // answers, one a line
}

// answer is how long people waited.
type answer struct {
	Submits []time.Duration `json:"submits"`
	Decides []time.Duration `json:"decides"`
	Error   string          `json:"error,omitempty"`
}

// RunFloor serves orders until its input ends. It is a process of its own, so
// that its CPU is counted apart: its client stands for our gateway, its worker
// for our worker.
func RunFloor(ctx context.Context, o FloorOptions) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: o.Temporal, Namespace: o.Namespace, Logger: quiet{},
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}}})
	if err != nil {
		return fmt.Errorf("reaching Temporal: %w", err)
	}
	defer c.Close()
	db, err := sql.Open("postgres", o.Database)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	if _, err := db.ExecContext(ctx, floorSchema); err != nil {
		return fmt.Errorf("making the table: %w", err)
	}
	watch, err := observe(ctx, o.Database, floorAsked)
	if err != nil {
		return err
	}
	defer func() { _ = watch.close() }()
	w := floorWorker(c, &floorActivities{db: db, post: posting(o.ERP), mail: o.Mail})
	if err := w.Start(); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	defer w.Stop()
	orders, answers := json.NewDecoder(o.In), json.NewEncoder(o.Out)
	for {
		var next order
		if err := orders.Decode(&next); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading an order: %w", err)
		}
		var t timings
		failed := ""
		if err := floorDocuments(ctx, c, watch, next, &t); err != nil {
			failed = err.Error()
		}
		if err := answers.Encode(answer{Submits: t.submits, Decides: t.decides, Error: failed}); err != nil {
			return fmt.Errorf("writing an answer: %w", err)
		}
	}
}

func floorDocuments(ctx context.Context, c client.Client, watch *observer, o order, t *timings) error {
	return paced(ctx, o, func(ctx context.Context, n int) error {
		return floorDocument(ctx, c, watch, fmt.Sprintf("floor-%s-%d", o.Run, n), t)
	})
}

// posting books the same voucher into the same ERP through the same connector.
func posting(port erp.Port) func(context.Context, string) error {
	return func(ctx context.Context, document string) error {
		reference := voucher.Reference(document, voucher.Accrual, 1)
		found, err := port.Find(ctx, reference)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			one, err := port.Create(ctx, floorVoucher(document, reference))
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		if found[0].State == erp.Posted {
			return nil
		}
		_, err = port.Post(ctx, found[0])
		return err
	}
}

func floorVoucher(document, reference string) voucher.Voucher {
	amount := money.Amount{Minor: 100_000, Currency: "CNY"}
	return voucher.Voucher{
		Reference: reference, Short: voucher.Short(reference), Document: document, Number: document,
		Kind: voucher.Accrual, Revision: 1, Entity: "acme-cn", Journal: "EXP", Date: time.Now().Format(time.DateOnly),
		Text: "floor", Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: amount, Base: amount, Text: "travel"},
			{Side: voucher.Credit, Account: "2202", Amount: amount, Base: amount, Text: "travel", Party: "lin"},
		}}
}

// quiet drops the SDK's own messages: standard output carries answers.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
