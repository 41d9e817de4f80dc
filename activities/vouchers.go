package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// The states of a voucher row that are written here, beside store.VoucherPosted.
const (
	voucherPending = "pending"
	voucherParked  = "parked"
)

// Ledger is the ERP company that a legal entity is booked in.
type Ledger struct {
	Port   erp.Port
	Settle time.Duration // see erp.PostInput
	Gate   *gate.Gate    // before its connection; nil lets everything through

	Connection string // its id; "" where it has no queue of its own
}

// Ledgers are the books by legal entity; "" for the others.
type Ledgers map[string]Ledger

// of is where an entity is booked.
//
// Errors: Invalid voucher.no_ledger.
func (l Ledgers) of(entity string) (Ledger, error) {
	ledger, found := l[entity]
	if !found {
		ledger, found = l[""]
	}
	if !found {
		return Ledger{}, fault.New(fault.Invalid, CodeNoLedger, fault.Arg("entity", entity))
	}
	return ledger, nil
}

// Vouchers are the activities that tell the books.
type Vouchers struct {
	Book    VoucherBook
	Ledgers Ledgers
	Now     func() time.Time // nil = time.Now

	texts parsed
}

// VoucherBook is the part of the store that Vouchers needs.
type VoucherBook interface {
	Posting(ctx context.Context, document, reference string, revision int) (store.Posting, error)
	PolicyInForce(ctx context.Context, kind, id string) (store.PolicyRow, error)
	Forget()
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
	BeginEffect(ctx context.Context, in store.EffectIntent) error
	SaveVoucher(ctx context.Context, v store.VoucherRow, call store.Ended) error
	MasterOf(ctx context.Context, entity string) (map[master.Key]master.Row, error)
	AttemptStore
}

// PostVoucherInput says what to post. The voucher itself is built here: history
// keeps ids, not money.
type PostVoucherInput struct {
	Document  string `json:"document"`
	Reference string `json:"reference"`
	Attempt   int    `json:"attempt"`        // rulings so far
	Date      string `json:"date,omitempty"` // ruled by finance; "" = the day it is first tried
}

// Posted is where the voucher stands: in the books, or refused with a code.
type Posted struct {
	Posted bool   `json:"posted"`
	Number string `json:"number,omitempty"`
	ID     string `json:"id,omitempty"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"` // the ERP's words
}

// PostVoucher leaves exactly one posted voucher under the reference.
//
// Safe to repeat: what is sent is on record before the socket, and the ERP is
// asked for the reference before it is told anything.
// Errors: Busy and Unknown, to be tried again; where the ERP rests, not before it has.
// A refusal is an answer with its code, because only a person can mend it.
// Time: three calls to the ERP, each within its own limit, well under the two
// minutes that the workflow grants.
func (v *Vouchers) PostVoucher(ctx context.Context, in PostVoucherInput) (Posted, error) {
	defer alive(ctx)()
	row, err := v.intend(ctx, in)
	crash.At("voucher.intended")
	if err == nil {
		row, err = v.post(ctx, row)
	}
	crash.At("voucher.saved")
	switch {
	case err == nil:
		return Posted{Posted: true, Number: row.Number, ID: row.ID}, nil
	case !final(err):
		return Posted{}, answer(ctx, err)
	}
	f, _ := fault.As(err)
	refused := Posted{Code: f.Code, Detail: detail(f)}
	if row.Voucher == "" {
		return refused, nil // refused before there was a voucher
	}
	row.State, row.Code, row.Detail = voucherParked, refused.Code, refused.Detail
	return refused, answer(ctx, v.Book.SaveVoucher(ctx, row.VoucherRow, store.Ended{}))
}

// intended is a voucher that may be sent, and its row.
type intended struct {
	store.VoucherRow
	made voucher.Voucher
	last store.Attempt // the newest call made for it
}

// final says whether only a person can mend it.
func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.Conflict, fault.NotFound:
		return true
	default:
		return false
	}
}

func detail(f *fault.Fault) string {
	if words := f.Args["words"]; words != "" {
		return words
	}
	return f.Error()
}

// post has the voucher booked, and keeps what the books answered.
func (v *Vouchers) post(ctx context.Context, row intended) (intended, error) {
	ledger, err := v.Ledgers.of(row.Entity)
	if err != nil {
		return row, err
	}
	book := &attempts{store: v.Book, hash: row.Hash, last: row.last}
	posted, err := ask(ledger, func() (erp.Found, error) {
		return erp.PostOnce(ctx, erp.PostInput{
			Port: ledger.Port, Voucher: row.made, Settle: ledger.Settle, Now: v.now, Book: book,
		})
	})
	if err != nil {
		return row, err
	}
	book.foundDone()
	row.State, row.ID, row.Number, row.Date = store.VoucherPosted, posted.ID, posted.Number, posted.Date
	return row, v.Book.SaveVoucher(ctx, row.VoucherRow, book.ended)
}

// intend puts on record what will be sent. Within one attempt it is always the
// same voucher, whatever was published in between; a ruling opens the next.
func (v *Vouchers) intend(ctx context.Context, in PostVoucherInput) (intended, error) {
	kind, revision, err := parseReference(in.Reference, in.Document)
	if err != nil {
		return intended{}, err
	}
	known, err := v.Book.Posting(ctx, in.Document, in.Reference, revision)
	if err != nil {
		return intended{}, err
	}
	before, existed, err := beforeOf(known)
	if err != nil {
		return intended{}, err
	}
	if in.Date == "" && existed {
		in.Date = before.made.Date
	}
	made, err := asOfNow(v.Book, func() (voucher.Voucher, error) { return v.build(ctx, in, kind, revision, known) })
	if err != nil {
		return intended{}, err
	}
	row, err := rowOf(made)
	if err != nil {
		return intended{}, err
	}
	row.last = known.Last
	err = v.Book.BeginEffect(ctx, store.EffectIntent{
		Reference: in.Reference, Attempt: in.Attempt, Document: in.Document, Kind: row.Kind, Entity: row.Entity,
		Date: row.Date, Voucher: row.Voucher, Hash: row.Hash,
	})
	if fault.CodeOf(err) == "voucher.changed" && existed {
		return before, nil
	}
	return row, err
}

// rowOf is a voucher's row before anybody was told.
func rowOf(made voucher.Voucher) (intended, error) {
	text, err := evidence.Canonical(made)
	if err != nil {
		return intended{}, err
	}
	hash, err := evidence.HashOf(made)
	if err != nil {
		return intended{}, err
	}
	return intended{made: made, VoucherRow: store.VoucherRow{
		Reference: made.Reference, Document: made.Document, Kind: string(made.Kind), Entity: made.Entity,
		State: voucherPending, Date: made.Date, Hash: hash, Voucher: string(text),
	}}, nil
}

// beforeOf is what was put on record before, if anything was.
func beforeOf(known store.Posting) (intended, bool, error) {
	if known.Voucher.Voucher == "" {
		return intended{}, false, nil
	}
	before := intended{VoucherRow: known.Voucher, last: known.Last}
	if err := json.Unmarshal([]byte(known.Voucher.Voucher), &before.made); err != nil {
		return intended{}, false, fmt.Errorf("read the intended voucher %s: %w", known.Voucher.Reference, err)
	}
	return before, true, nil
}

// build makes the voucher from the revision that was approved.
func (v *Vouchers) build(
	ctx context.Context, in PostVoucherInput, kind voucher.Kind, revision int, known store.Posting,
) (voucher.Voucher, error) {
	people, err := v.Book.Snapshot(ctx, 0)
	if err != nil {
		return voucher.Voucher{}, err
	}
	mapping, err := v.mapping(ctx, known.Content.Type)
	if err != nil {
		return voucher.Voucher{}, err
	}
	books, err := v.lookedUp(ctx, mapping, known.Content.Entity)
	if err != nil {
		return voucher.Voucher{}, err
	}
	entity := people.Entities[known.Content.Entity]
	if in.Date == "" {
		in.Date = today(v.now(), entity.Zone)
	}
	return booking.Build(mapping, booking.BuildInput{
		Content: known.Content, Document: in.Document, Number: known.Number, Revision: revision,
		Kind: kind, Date: in.Date, EntityCurrency: money.Currency(entity.Currency), Org: people,
		Master: books,
	})
}

// lookedUp is the master data that a mapping looks something up in, if it does.
func (v *Vouchers) lookedUp(
	ctx context.Context, m *booking.Mapping, entity string,
) (map[string]map[string]string, error) {
	if !m.ReadsMaster() {
		return nil, nil
	}
	rows, err := v.Book.MasterOf(ctx, entity)
	return booking.MasterByName(rows), err
}

func (v *Vouchers) mapping(ctx context.Context, documentType string) (*booking.Mapping, error) {
	row, err := v.Book.PolicyInForce(ctx, kindType, documentType)
	if err != nil {
		return nil, err
	}
	kind, err := parseOnce(&v.texts, row, doctype.Parse)
	if err != nil {
		return nil, err
	}
	row, err = v.Book.PolicyInForce(ctx, kindMapping, kind.Mapping)
	if err != nil {
		return nil, err
	}
	return parseOnce(&v.texts, row, booking.Parse)
}

func (v *Vouchers) now() time.Time { return clock(v.Now) }

// clock reads a clock; nil is the machine's.
func clock(now func() time.Time) time.Time {
	if now != nil {
		return now().UTC()
	}
	return time.Now().UTC()
}

// parseReference reads v:<document>:<kind>:<revision>.
func parseReference(reference, document string) (voucher.Kind, int, error) {
	parts := strings.Split(reference, ":")
	if len(parts) == 4 && parts[0] == "v" && parts[1] == document {
		if revision, err := strconv.Atoi(parts[3]); err == nil && revision > 0 {
			return voucher.Kind(parts[2]), revision, nil
		}
	}
	return "", 0, fault.New(fault.Internal, CodeReference, fault.Arg("reference", reference))
}

// today is the date on the entity's wall; UTC where its zone is not known.
func today(now time.Time, zone string) string {
	if where, err := time.LoadLocation(zone); err == nil {
		now = now.In(where)
	}
	return now.Format(time.DateOnly)
}
