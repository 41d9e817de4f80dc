package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/walk"
)

// tryPatience bounds the whole walk.
const tryPatience = 3 * time.Minute

func tryCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "try",
		Short: "Walk the reference flow over HTTP as a client would, and fail on any mismatch",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := readDevFile(data)
			if err != nil {
				return err
			}
			c, err := config.LoadDev(f.Config, nil)
			if err != nil {
				return err
			}
			books, err := openERP(connectionOf(c, "acme-cn"), nil, nil)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), tryPatience)
			defer cancel()
			t := &trial{ctx: ctx, out: cmd.OutOrStdout(), locale: locale(cmd), people: f, books: books,
				run: uuid.NewString()[:8]}
			return t.walk()
		},
	}
	cmd.Flags().StringVar(&data, "data", ".countersign", "data directory of the running dev")
	return cmd
}

// connectionOf is the ERP connection that books a legal entity.
func connectionOf(c config.Config, entity string) config.Connection {
	for _, connection := range c.ERP.Connections {
		for _, booked := range connection.Entities {
			if booked == entity {
				return connection
			}
		}
	}
	return config.Connection{}
}

// trial is one walk of the reference flow.
type trial struct {
	ctx    context.Context
	out    io.Writer
	locale string // of what is printed, and of those who act
	people devFile
	books  erp.Port
	run    string // makes the idempotency keys of this walk its own
	step   int
}

// walk runs every scene; the first mismatch ends it.
func (t *trial) walk() error {
	for _, scene := range []struct {
		name string
		play func() error
	}{
		{"rule", t.passesByRule}, {"route", t.wholeRoute}, {"return", t.returned}, {"reject", t.rejected},
		{"late", t.tooLate}, {"bad", t.badInput},
	} {
		title := t.text("scene."+scene.name, nil)
		fmt.Fprintf(t.out, "\n■ %s\n", title)
		if err := scene.play(); err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
	}
	_, err := fmt.Fprintf(t.out, "\n%s\n", t.text("done", nil))
	return err
}

func (t *trial) as(person string) *walk.Client {
	return &walk.Client{Base: t.people.Gateway, Token: t.people.Tokens[person], Locale: t.locale}
}

func (t *trial) key() string {
	t.step++
	return fmt.Sprintf("try-%s-%d", t.run, t.step)
}

func (t *trial) text(key string, args map[string]string) string {
	return i18n.Shipped().Text(t.locale, "try."+key, args)
}

func (t *trial) say(key string, args map[string]string) {
	fmt.Fprintf(t.out, "  %s\n", t.text(key, args))
}

func (t *trial) expense(title, amount string) walk.Form {
	title = t.text("title."+title, nil) + " " + t.run
	return walk.Form{Type: "expense", Title: title, Currency: "CNY", Urgency: "normal", Lines: []walk.Line{{
		Category: "travel", Description: t.text("line", nil), Date: time.Now().Format(time.DateOnly),
		Amount: walk.Money{Amount: amount, Currency: "CNY"}}}}
}

func (t *trial) submit(title, amount string) (walk.Document, error) {
	d, err := t.as("lin").Submit(t.ctx, t.expense(title, amount), t.key())
	if err != nil {
		return d, err
	}
	t.say("submitted", map[string]string{"person": "lin", "document": d.Number, "amount": amount + " CNY"})
	return d, nil
}

// decide waits for the person's task on the document and decides it.
func (t *trial) decide(person, document, act, opinion string) (walk.Task, error) {
	task, err := t.taskOf(person, document)
	if err != nil {
		return task, err
	}
	if opinion != "" {
		opinion = t.text("opinion."+opinion, nil)
	}
	if _, err := t.as(person).Decide(t.ctx, task, act, opinion, t.key()); err != nil {
		return task, fmt.Errorf("%s: %s: %w", person, act, err)
	}
	t.say("decided", map[string]string{"person": person, "step": cmp.Or(task.StepTitle[t.locale], task.Step),
		"act": i18n.Shipped().Text(t.locale, "act."+act, nil)})
	return task, nil
}

func (t *trial) taskOf(person, document string) (walk.Task, error) {
	for {
		task, found, err := t.as(person).TaskOn(t.ctx, document)
		if err != nil || found {
			return task, err
		}
		select {
		case <-t.ctx.Done():
			return task, fmt.Errorf("%s was never asked to decide %s", person, document)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (t *trial) await(id, status string) (walk.Document, error) {
	d, err := t.as("lin").Await(t.ctx, id, func(d walk.Document) bool {
		return d.Status == status || d.Status == "parked" || d.Status == "rejected"
	})
	if err != nil {
		return d, err
	}
	if d.Status != status {
		return d, fmt.Errorf("%s is %s, not %s (%+v)", d.Number, d.Status, status, d.Parked)
	}
	t.say("is", map[string]string{"document": d.Number, "status": i18n.Shipped().Text(t.locale, "status."+status, nil)})
	return d, nil
}

// booked waits for the end and looks the voucher up in the ERP itself.
func (t *trial) booked(id string) error {
	d, err := t.await(id, "closed")
	if err != nil {
		return err
	}
	if d.Voucher == nil {
		return fmt.Errorf("%s is closed without a voucher", d.Number)
	}
	found, err := t.books.Find(t.ctx, d.Voucher.Reference)
	if err != nil {
		return fmt.Errorf("looking in the ERP: %w", err)
	}
	if len(found) != 1 || found[0].State != erp.Posted {
		return fmt.Errorf("the ERP holds %d vouchers under %s, not one posted: %+v", len(found), d.Voucher.Reference, found)
	}
	t.say("booked", map[string]string{"number": found[0].Number, "date": found[0].Date})
	return nil
}

func (t *trial) passesByRule() error {
	d, err := t.submit("taxi", "999.99")
	if err != nil {
		return err
	}
	if err := t.booked(d.ID); err != nil {
		return err
	}
	after, err := t.as("lin").Document(t.ctx, d.ID)
	if err == nil && len(after.Tasks) > 0 {
		err = fmt.Errorf("%d people were asked", len(after.Tasks))
	}
	return err
}

func (t *trial) wholeRoute() error {
	d, err := t.submit("conference", "1000.00")
	if err != nil {
		return err
	}
	return t.approveAll(d.ID)
}

func (t *trial) approveAll(id string) error {
	for _, person := range []string{"wang", "zhao", "liu"} {
		if _, err := t.decide(person, id, "approve", ""); err != nil {
			return err
		}
	}
	return t.booked(id)
}

func (t *trial) returned() error {
	d, err := t.submit("hotel", "2400.00")
	if err != nil {
		return err
	}
	seen, err := t.decide("wang", d.ID, "return", "return")
	if err != nil {
		return err
	}
	if _, err := t.await(d.ID, "returned"); err != nil {
		return err
	}
	if _, err := t.as("lin").Resubmit(t.ctx, d.ID, t.expense("hotel_again", "2200.00"), t.key()); err != nil {
		return fmt.Errorf("resubmitting: %w", err)
	}
	t.say("resubmitted", map[string]string{"person": "lin", "document": d.Number, "amount": "2200.00 CNY"})
	if _, err := t.taskOf("wang", d.ID); err != nil {
		return err
	}
	_, err = t.as("wang").Decide(t.ctx, seen, "approve", "", t.key())
	if err := t.refused(err, http.StatusConflict, "task.stale", "task.closed"); err != nil {
		return fmt.Errorf("a decision on the first round: %w", err)
	}
	return t.approveAll(d.ID)
}

func (t *trial) rejected() error {
	d, err := t.submit("wine", "5000.00")
	if err != nil {
		return err
	}
	if _, err := t.decide("wang", d.ID, "approve", ""); err != nil {
		return err
	}
	if _, err := t.decide("zhao", d.ID, "reject", "reject"); err != nil {
		return err
	}
	_, err = t.await(d.ID, "rejected")
	return err
}

func (t *trial) tooLate() error {
	d, err := t.submit("train", "1300.00")
	if err != nil {
		return err
	}
	late, err := t.taskOf("chen", d.ID)
	if err != nil {
		return err
	}
	if _, err := t.decide("wang", d.ID, "approve", ""); err != nil {
		return err
	}
	_, err = t.as("chen").Decide(t.ctx, late, "reject", t.text("opinion.late", nil), t.key())
	if err := t.refused(err, http.StatusConflict, "task.stale"); err != nil {
		return err
	}
	if _, err := t.as("lin").Withdraw(t.ctx, d.ID, t.text("opinion.withdraw", nil), t.key()); err != nil {
		return fmt.Errorf("withdrawing: %w", err)
	}
	_, err = t.await(d.ID, "withdrawn")
	return err
}

func (t *trial) badInput() error {
	for _, locale := range []string{"zh-CN", "en"} {
		lin := t.as("lin")
		lin.Locale = locale
		_, err := lin.Submit(t.ctx, t.expense("decimals", "10.005"), t.key())
		if err := t.refused(err, http.StatusUnprocessableEntity, "money.too_many_decimals"); err != nil {
			return err
		}
	}
	return nil
}

// refused says whether the gateway said no as it should, and prints its words.
func (t *trial) refused(err error, status int, codes ...string) error {
	var problem *walk.Problem
	if !errors.As(err, &problem) {
		return fmt.Errorf("it was not refused: %w", err)
	}
	for _, code := range codes {
		if problem.Status == status && problem.Code == code {
			t.say("refused", map[string]string{"status": strconv.Itoa(problem.Status), "code": problem.Code,
				"detail": strings.TrimSpace(problem.Detail + " " + problem.Field)})
			return nil
		}
	}
	return fmt.Errorf("refused otherwise than expected: %w", problem)
}
