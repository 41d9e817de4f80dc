// Package tryton books vouchers as account moves in Tryton 6.0.
//
//	Port ─▶ lookups (codes to ids, cached) ─▶ client (session, envelope) ─▶ POST /<database>/
//
// Tryton has no field that is unique for us, so the reference is the move's
// description, "ref:<reference>", in full: the field has no length limit.
package tryton

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"sync"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// foundMax bounds how many vouchers with one reference Find reads; two are
// already too many.
const foundMax = 10

// Port is one company of one Tryton database.
type Port struct {
	config port.Config
	client *client

	mutex   sync.Mutex
	company company
	cache   cache
}

// company is the Tryton company we book in.
type company struct {
	id       int64 // 0 = not looked up yet
	currency money.Currency
}

// Open makes the port of one connection; it does not speak to the server yet.
//
// Errors: Invalid erp.bad_config.
func Open(config port.Config) (port.Port, error) {
	if u, err := url.Parse(config.URL); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.URL, fault.Arg("what", "url"))
	}
	if config.Database == "" || config.User == "" || config.Secret == "" {
		return nil, port.Fault(port.CodeBadConfig, "database, user and secret are needed", fault.Arg("what", "login"))
	}
	return &Port{config: config, cache: newCache(),
		client: &client{url: baseURL(config), user: config.User, password: config.Secret, http: config.HTTP()}}, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.config.Name }

// Capabilities says what Tryton can do.
func (p *Port) Capabilities() port.Capabilities {
	return port.Capabilities{ClosedPeriods: true, Reverse: true, ForeignCurrency: true, Delta: true,
		Master:  []master.Kind{master.Account, master.Party, master.Employee, master.Period, master.Currency, master.Rate},
		Creates: port.Mark{Method: "POST", Text: "model.account.move.create"},
		Posts:   port.Mark{Method: "POST", Text: "model.account.move.post"}}
}

// move is an account move as it is read.
type move struct {
	ID          json.Number `json:"id"`
	Number      string      `json:"number"`
	PostNumber  string      `json:"post_number"`
	State       string      `json:"state"`
	Date        jsonDate    `json:"date"`
	Description string      `json:"description"`
}

var moveFields = []string{"number", "post_number", "state", "date", "description"}

// line is one line of an account move as it is read.
type line struct {
	Move    json.Number  `json:"move"`
	Account *jsonCode    `json:"account."`
	Party   *jsonCode    `json:"party."`
	Debit   *jsonDecimal `json:"debit"`
	Credit  *jsonDecimal `json:"credit"`
}

var lineFields = []string{"move", "account.code", "party.code", "debit", "credit"}

// Find returns every move that carries the reference, with its lines. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return nil, err
	}
	domain := []any{[]any{"description", "=", refPrefix + reference}, []any{"company", "=", at.id}}
	var moves []move
	if err := p.search(ctx, &moves, query{"account.move", domain, foundMax, moveFields}); err != nil || len(moves) == 0 {
		return nil, err
	}
	return p.withLines(ctx, at, moves)
}

// withLines reads the lines of the moves and puts both together.
func (p *Port) withLines(ctx context.Context, at company, moves []move) ([]port.Found, error) {
	found := make([]port.Found, 0, len(moves))
	for _, m := range moves {
		id, _ := m.ID.Int64()
		var lines []line
		domain := []any{[]any{"move", "=", id}}
		if err := p.search(ctx, &lines, query{"account.move.line", domain, linesMax, lineFields}); err != nil {
			return nil, err
		}
		f, err := foundOf(m, lines, at.currency)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// Create writes a draft move with its lines, in one request.
//
// Errors: Invalid before anything is sent where a code is unknown to Tryton.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	values, lines, err := p.moveValues(ctx, at, v)
	if err != nil {
		return port.Found{}, err
	}
	var ids []json.Number
	err = p.client.call(ctx, true, &ids, "model.account.move.create", []any{values}, at.context())
	if port.Refused(err) {
		return port.Found{}, p.whyRefused(ctx, at, v, err)
	}
	if err != nil {
		return port.Found{}, err
	}
	if len(ids) != 1 {
		return port.Found{}, port.Fault(port.CodeUnknown, "create answered without an id")
	}
	return port.Found{Reference: v.Reference, ID: ids[0].String(), State: port.Draft, Date: v.Date,
		Totals: port.Sum(lines), Lines: lines}, nil
}

// whyRefused looks up anew what a refused move names: a period may have been closed, or a
// code have changed its meaning, since it was looked up, and Tryton tells it in words of
// its forms alone.
func (p *Port) whyRefused(ctx context.Context, at company, v voucher.Voucher, refusal error) error {
	p.forget()
	if _, _, err := p.moveValues(ctx, at, v); port.Refused(err) {
		return err
	}
	return refusal
}

// Post makes a draft move effective and reads its head back. A second post is an
// error in Tryton which changes nothing: the state that is read then is the answer.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	id, err := strconv.ParseInt(f.ID, 10, 64)
	if err != nil {
		return port.Found{}, port.Fault(port.CodeRefused, "not a move: "+f.ID)
	}
	refusal := p.client.call(ctx, true, nil, "model.account.move.post", []any{id}, at.context())
	if port.MayHaveHappened(refusal) {
		return port.Found{}, refusal
	}
	now, err := p.again(ctx, at, f)
	switch {
	case err == nil && now.State == port.Posted:
		return now, nil
	case refusal != nil && port.Refused(err): // it is gone
		return port.Found{}, refusal
	case err != nil:
		// A refusal may mean that an earlier request has posted it meanwhile.
		return port.Found{}, port.Fault(port.CodeUnknown, "asked to post, but not read back: "+err.Error())
	case refusal != nil:
		return port.Found{}, refusal
	}
	return port.Found{}, port.Fault(port.CodeUnknown, "posted, but still a draft")
}

// again reads a move whose lines are known already: posting changes none.
func (p *Port) again(ctx context.Context, at company, f port.Found) (port.Found, error) {
	if len(f.Lines) == 0 {
		return p.read(ctx, f.ID)
	}
	id, err := strconv.ParseInt(f.ID, 10, 64)
	if err != nil {
		return port.Found{}, port.Fault(port.CodeRefused, "not a move: "+f.ID)
	}
	var moves []move
	err = p.client.call(ctx, false, &moves, "model.account.move.read", []any{id}, moveFields, at.context())
	if err != nil {
		return port.Found{}, err
	}
	if len(moves) != 1 {
		return port.Found{}, port.Fault(port.CodeRefused, "move "+f.ID+" is gone")
	}
	now, err := foundOf(moves[0], nil, at.currency)
	now.Lines, now.Totals = f.Lines, f.Totals
	return now, err
}

// Discard deletes a draft move. Tryton refuses it for a posted one.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(f.ID, 10, 64)
	return p.client.call(ctx, true, nil, "model.account.move.delete", []any{id}, at.context())
}

// read returns one move by its id, with its lines.
func (p *Port) read(ctx context.Context, id string) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	m, err := p.move(ctx, at, id)
	if err != nil {
		return port.Found{}, err
	}
	found, err := p.withLines(ctx, at, []move{m})
	if err != nil {
		return port.Found{}, err
	}
	return found[0], nil
}

// move reads the head of one move.
func (p *Port) move(ctx context.Context, at company, id string) (move, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return move{}, port.Fault(port.CodeRefused, "not a move: "+id)
	}
	var moves []move
	domain := []any{[]any{"id", "=", number}, []any{"company", "=", at.id}}
	if err := p.search(ctx, &moves, query{"account.move", domain, 1, moveFields}); err != nil {
		return move{}, err
	}
	if len(moves) == 0 {
		return move{}, port.Fault(port.CodeRefused, "move "+id+" is gone")
	}
	return moves[0], nil
}

// query is one search_read.
type query struct {
	model  string
	domain []any
	limit  int
	fields []string
}

// search reads records. The parameters of search_read are positional, and the
// context always comes last.
func (p *Port) search(ctx context.Context, into any, q query) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	return p.client.call(ctx, false, into, "model."+q.model+".search_read",
		q.domain, 0, q.limit, []any{[]any{"id", "ASC"}}, q.fields, at.context())
}

// context is what every method wants as its last parameter. Nothing is taken
// from the user's own company, and refusals must come in English to be sorted.
func (c company) context() object {
	return object{"company": c.id, "language": "en", "active_test": false}
}
