// Package mapped books in an ERP that a mapping file describes, whatever the wire: the file
// says what is asked, and where things stand in the answers. httpjson and soapxml are the wires.
//
//	voucher ─▶ Values ─▶ Wire (template, request, answer) ─▶ Node ─▶ Shape ─▶ Found
package mapped

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// DefaultCurrency is the base currency where the connection names none.
const DefaultCurrency money.Currency = "CNY"

// The calls of a mapping. The first four must be there; what else is not cannot be asked.
const (
	CallFind    = "find"
	CallRead    = "read"
	CallCreate  = "create"
	CallPost    = "post"
	CallReverse = "reverse"
	CallDiscard = "discard"
	CallList    = "list"
)

// Node is a place in an answer.
type Node interface {
	// Text is the value at a path below it, "" for none.
	Text(path string) string
	// Items are what a path below it holds several of.
	Items(path string) []Node
	// Names are those of the values below a path.
	Names(path string) []string
}

// Exchange is one call with what its template may ask for.
type Exchange struct {
	Call      string // one of the calls, or OfMaster
	ID        string // the ERP's own key of what it is about
	Values    Values
	Writes    bool   // a lost answer is then Unknown, otherwise Busy
	Reference string // what names the request, where a wire can send it
}

// Answer is what a call came to.
type Answer struct {
	One  Node   // the voucher; nil for none
	Many []Node // the list
	List bool   // there is a list, if an empty one
	Next string // cursor of the next page
}

// Wire carries calls to the ERP.
type Wire interface {
	// Has says whether the mapping has the call.
	Has(call string) bool
	// Ask makes one exchange.
	Ask(ctx context.Context, x Exchange) (Answer, error)
}

// Port is one connection described by a mapping. It keeps no secret itself.
type Port struct {
	name     string
	currency money.Currency // of the books
	mapping  Mapping
	wire     Wire
	can      port.Capabilities
}

// New makes the port of a connection over its wire; creates and posts are how those
// requests look there.
func New(config port.Config, mapping Mapping, wire Wire, creates, posts port.Mark) *Port {
	c := mapping.Capabilities
	p := &Port{name: config.Name, currency: cmp.Or(config.Currency, DefaultCurrency), mapping: mapping, wire: wire}
	p.can = port.Capabilities{Master: mapping.kinds(),
		UniqueReference: c.UniqueReference, ChecksBalance: c.ChecksBalance, ClosedPeriods: c.ClosedPeriods,
		Reverse: c.Reverse && wire.Has(CallReverse), ForeignCurrency: c.ForeignCurrency, CostCenters: c.CostCenters,
		Dimensions: c.Dimensions, ChecksDimensions: c.ChecksDimensions, Told: mapping.Voucher.told(),
		ReferenceMax: c.ReferenceMax, Creates: creates, Posts: posts}
	return p
}

// Name says which connection this is.
func (p *Port) Name() string { return p.name }

// Capabilities says what the mapping says.
func (p *Port) Capabilities() port.Capabilities { return p.can }

// Find returns every voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	asked := Values{Fields: map[string]any{"reference": reference}}
	answer, err := p.wire.Ask(ctx, Exchange{Call: CallFind, Values: asked})
	if err != nil {
		return nil, err
	}
	if !answer.List {
		return nil, port.Fault(port.CodeUnavailable, "find did not answer with a list")
	}
	var found []port.Found
	for _, item := range answer.Many {
		f, err := p.found(item, false)
		if err != nil {
			return nil, err
		}
		if f.Reference == reference { // some searches match more than was asked
			found = append(found, f)
		}
	}
	return found, nil
}

// Create writes a draft that carries the reference.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	if most := p.can.ReferenceMax; most > 0 && len(v.Reference) > most {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "long_reference"))
	}
	for _, e := range v.Entries {
		if base := port.Base(e); base.Currency != p.currency {
			return port.Found{}, port.Fault(port.CodeRefused,
				"the books are kept in "+string(p.currency)+", not "+string(base.Currency))
		}
	}
	answer, err := p.wire.Ask(ctx, Exchange{Call: CallCreate, Values: Of(v, v.Reference), Writes: true,
		Reference: v.Reference})
	if err != nil {
		return port.Found{}, err
	}
	return p.found(answer.One, true)
}

// Post makes a draft effective. It reads the state first, and again where the
// post was refused, because elsewhere a second post is an error.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	now, err := p.read(ctx, f.ID)
	if err != nil || now.State == port.Posted {
		return now, err
	}
	answer, refusal := p.wire.Ask(ctx, about(CallPost, f))
	if port.MayHaveHappened(refusal) {
		return port.Found{}, refusal
	}
	if refusal == nil {
		if done, err := p.found(answer.One, true); err == nil && done.State == port.Posted {
			return done, nil
		}
	}
	now, err = p.read(ctx, f.ID)
	switch {
	case err == nil && now.State == port.Posted:
		return now, nil
	case err != nil:
		// A refusal may mean that an earlier request has posted it meanwhile.
		return port.Found{}, port.Fault(port.CodeUnknown, "asked to post, but not read back: "+err.Error())
	case refusal != nil:
		return port.Found{}, refusal
	}
	return port.Found{}, port.Fault(port.CodeUnknown, "posted, but still a draft")
}

// about is a writing call on a voucher that is there.
func about(call string, f port.Found) Exchange {
	return Exchange{Call: call, ID: f.ID, Values: key(f.ID), Writes: true, Reference: f.Reference + ":" + call}
}

// Reverse books the opposite of a posted voucher and posts it. 红冲
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	if !p.can.Reverse {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "reverse"))
	}
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	made, there, err := port.Only(reference, before)
	if err != nil {
		return port.Found{}, err
	}
	if there {
		if made.State != port.Draft || made.Date == date {
			return p.Post(ctx, made)
		}
		if err := p.Discard(ctx, made); err != nil { // it was meant for another day
			return port.Found{}, err
		}
	}
	sent := Of(voucher.Voucher{Date: date, Reference: reference}, reference)
	sent.Fields["id"] = f.ID
	answer, err := p.wire.Ask(ctx, Exchange{Call: CallReverse, ID: f.ID, Values: sent, Writes: true, Reference: reference})
	if err != nil {
		return port.Found{}, err
	}
	draft, err := p.found(answer.One, true)
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, draft)
}

// Discard deletes a draft.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	if !p.wire.Has(CallDiscard) {
		return port.Fault(port.CodeUnsupported, "", fault.Arg("what", "discard"))
	}
	_, err := p.wire.Ask(ctx, about(CallDiscard, f))
	return err
}

func (p *Port) read(ctx context.Context, id string) (port.Found, error) {
	answer, err := p.wire.Ask(ctx, Exchange{Call: CallRead, ID: id, Values: key(id)})
	if err != nil {
		return port.Found{}, err
	}
	return p.found(answer.One, false)
}

// found reads a voucher; one that cannot be read is an answer that was lost.
func (p *Port) found(node Node, writes bool) (port.Found, error) {
	if node == nil {
		return port.Found{}, port.Unclear("the answer has no voucher", writes)
	}
	f, err := p.mapping.Voucher.Found(node, p.currency)
	if _, ours := fault.As(err); err != nil && !ours {
		return port.Found{}, port.Unclear(err.Error(), writes)
	}
	return f, err
}

// listPage is how many vouchers are asked for at once, as $.limit.
const listPage = 100

// List returns one page of the vouchers of a range of days, by the mapping's call
// «list». Safe to repeat.
//
// Errors: Invalid erp.unsupported where the mapping has no such call.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	if !p.wire.Has(CallList) {
		return port.Listed{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "list"))
	}
	limit := strconv.Itoa(cmp.Or(min(asked.Limit, listPage), listPage))
	answer, err := p.wire.Ask(ctx, Exchange{Call: CallList, Values: window(asked, limit)})
	if err != nil {
		return port.Listed{}, err
	}
	if !answer.List {
		return port.Listed{}, port.Fault(port.CodeUnavailable, "list did not answer with a list")
	}
	var page port.Listed
	for _, item := range answer.Many {
		f, err := p.found(item, false)
		if err != nil {
			return port.Listed{}, err
		}
		if strings.HasPrefix(f.Reference, port.ReferencePrefix) && asked.From <= f.Date && f.Date <= asked.Until {
			page.Vouchers = append(page.Vouchers, f)
		}
	}
	if page.Next = answer.Next; page.Next == asked.Cursor {
		page.Next = "" // an ERP that repeats its cursor would never end
	}
	return page, nil
}

// Sync reads the lists of master data that the mapping names, always in full.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	for name, columns := range p.mapping.Lists {
		answer, err := p.wire.Ask(ctx, Exchange{Call: OfMaster + name})
		if err != nil {
			return port.Master{}, err
		}
		if !answer.List {
			return port.Master{}, port.Fault(port.CodeUnavailable, name+" is not a list")
		}
		for _, row := range answer.Many {
			columns.add(&m, name, row)
		}
	}
	return m, nil
}
