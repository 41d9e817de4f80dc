// Package odoo books vouchers as journal entries (account.move) in Odoo.
//
//	Port ─▶ look-ups (codes to ids, cached) ─▶ client ─▶ JSON-2: POST /json/2/<model>/<method>   Odoo 19 and later
//	                                               └───▶ JSON-RPC: POST /jsonrpc, execute_kw       before
//
// The option dialect (json2 or jsonrpc) chooses; without it the server is asked
// for its version once. Which fields a version has is asked too (fields_get),
// not assumed.
//
// The option dimensions (project=Projects, region=Regions) says which dimension of a
// mapping is which analytic plan: the value is the code of an analytic account of it, and
// the whole line goes there.
//
// Codes: an account by its code, a party by the contact's internal reference
// (ref), a journal by its short code, a cost center by the analytic account's
// code; where there is no such analytic account, or Odoo is too old to spread
// a line over them, the cost center stands in the line's text.
//
// The reference is the entry's ref, which is not unique in Odoo: what keeps it
// single is that erp.PostOnce looks before and after. An external id would be
// unique, but only load() writes it in the same transaction, and load() adds
// the lines again to an entry that is there already.
package odoo

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// foundMax bounds how many entries with one reference Find reads; two are
// already too many.
const foundMax = 10

// options are what only this adapter knows; none of them is needed.
var options = []port.Option{{Name: "dialect"}, {Name: "dimensions"}, {Name: "employees", Default: "no"}}

// Port is one company of one Odoo database.
type Port struct {
	config port.Config
	client *client

	mutex   sync.Mutex
	company company
	cache   cache

	plans map[string]string // dimension → analytic plan
	staff bool              // employees are read
}

// Open makes the port of one connection; it does not speak to the server yet.
//
// Errors: Invalid erp.bad_config.
func Open(config port.Config) (port.Port, error) {
	if u, err := url.Parse(config.URL); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.URL, fault.Arg("what", "url"))
	}
	if config.User == "" || config.Secret == "" {
		return nil, port.Fault(port.CodeBadConfig, "user and password (an API key) are needed", fault.Arg("what", "login"))
	}
	read, err := config.Read(options)
	if err != nil {
		return nil, err
	}
	dialect := read["dialect"]
	if dialect != "" && dialect != json2 && dialect != jsonrpc {
		return nil, port.Fault(port.CodeBadConfig, "dialect is json2 or jsonrpc, not "+dialect,
			fault.Arg("what", "options.dialect"))
	}
	if staff := read["employees"]; staff != "yes" && staff != "no" {
		return nil, port.BadOption("employees", "is "+staff+": write yes or no")
	}
	plans, err := read.DimensionTable("dimensions")
	if err != nil {
		return nil, err
	}
	return &Port{config: config, cache: newCache(), client: newClient(config, dialect), plans: plans,
		staff: read["employees"] == "yes"}, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.config.Name }

// Capabilities says what Odoo can do. It refuses an unbalanced entry as soon as
// it is created, and computes amounts as floating-point numbers.
func (p *Port) Capabilities() port.Capabilities {
	names := slices.Sorted(maps.Keys(p.plans))
	return port.Capabilities{ChecksBalance: true, ClosedPeriods: true, Reverse: true, ForeignCurrency: true,
		CostCenters: true, Delta: true, AmountMax: port.FloatMax, Dimensions: names, Told: names, ChecksDimensions: true,
		Master:  p.kinds(),
		Creates: port.Mark{Method: "POST", Text: `"move_type":"entry"`},
		Posts:   port.Mark{Method: "POST", Text: "action_post"}}
}

// Find returns every entry that carries the reference, with its lines. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return nil, err
	}
	return p.moves(ctx, at, []any{[]any{"ref", "=", reference}}, foundMax)
}

// Create writes a draft entry with its lines, in one request.
//
// Errors: Invalid before anything is sent where a code is unknown to Odoo, or
// where the books are locked on that date: Odoo would not refuse but move the
// entry to the next open day when it is posted.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	values, lines, err := p.moveValues(ctx, at, v)
	if err != nil {
		return port.Found{}, err
	}
	id, err := p.insert(ctx, at, values)
	if err != nil {
		return port.Found{}, err
	}
	return port.Found{Reference: v.Reference, ID: id, State: port.Draft, Date: v.Date,
		Totals: port.Sum(lines), Lines: lines}, nil
}

// insert creates one entry and returns its id.
func (p *Port) insert(ctx context.Context, at company, values object) (string, error) {
	var ids []int64
	err := p.client.call(ctx, call{model: "account.move", method: "create", values: []any{values},
		context: at.context(), writes: true}, &ids)
	if port.Refused(err) {
		p.forget() // a code may have changed its meaning since we looked it up
	}
	if err != nil {
		return "", err
	}
	if len(ids) != 1 {
		return "", port.Fault(port.CodeUnknown, "create answered without an id")
	}
	return strconv.FormatInt(ids[0], 10), nil
}

// Post makes a draft effective. Safe to repeat.
//
// Errors: Conflict where it was posted on another day than ours.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	day := "" // on which it lay as a draft
	read := func(ctx context.Context) (port.Found, error) {
		now, err := p.read(ctx, at, f.ID)
		if err == nil && now.State != port.Posted {
			day = now.Date
		}
		return now, err
	}
	done, err := port.PostDraft(ctx, read, func(ctx context.Context, _ port.Found) error {
		id, _ := strconv.ParseInt(f.ID, 10, 64)
		return p.client.call(ctx, call{model: "account.move", method: "action_post", ids: []int64{id},
			context: at.context(), writes: true}, nil)
	})
	if err == nil && day != "" && done.Date != day {
		return port.Found{}, port.Fault(port.CodeConflict, "Odoo moved it from "+day+" to "+done.Date+
			", because the books were locked in between", fault.Arg("reference", f.Reference), fault.Arg("what", f.ID))
	}
	return done, err
}

// Discard deletes a draft entry. Odoo refuses it for a posted one.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	at, err := p.where(ctx)
	if err != nil {
		return err
	}
	now, err := p.read(ctx, at, f.ID)
	if err != nil {
		return err
	}
	if now.State != port.Draft {
		return port.Fault(port.CodeRefused, "only a draft can be deleted, and "+f.ID+" is "+string(now.State))
	}
	id, _ := strconv.ParseInt(f.ID, 10, 64)
	return p.client.call(ctx, call{model: "account.move", method: "unlink", ids: []int64{id},
		context: at.context(), writes: true}, nil)
}

// read returns one entry by its id, with its lines.
func (p *Port) read(ctx context.Context, at company, id string) (port.Found, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return port.Found{}, port.Fault(port.CodeRefused, "not an entry: "+id)
	}
	found, err := p.moves(ctx, at, []any{[]any{"id", "=", number}}, 1)
	if err != nil {
		return port.Found{}, err
	}
	if len(found) == 0 {
		return port.Found{}, port.Fault(port.CodeRefused, "entry "+id+" is gone")
	}
	return found[0], nil
}
