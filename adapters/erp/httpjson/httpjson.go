// Package httpjson speaks to any ERP whose HTTP/JSON interface a mapping file
// can describe: paths, body templates, where things are in the answers, and
// what its errors mean. sandbox.yaml, built in, is the example to copy.
//
//	voucher ─▶ template (YAML tree, $.field) ─▶ HTTP ─▶ dotted paths ─▶ Found
package httpjson

import (
	"context"
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// defaultCurrency is the base currency where the connection names none.
const defaultCurrency money.Currency = "CNY"

// Port is one connection described by a mapping.
type Port struct {
	config  port.Config
	mapping *Mapping
	http    *http.Client
}

// Open reads the mapping and makes the port; it does not speak to the ERP yet.
//
// Errors: Invalid erp.bad_config.
func Open(config port.Config) (port.Port, error) {
	if u, err := url.Parse(config.URL); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.URL, fault.Arg("what", "url"))
	}
	mapping, err := load(config.Mapping)
	if err != nil {
		return nil, err
	}
	if config.Currency == "" {
		config.Currency = defaultCurrency
	}
	return &Port{config: config, mapping: mapping, http: config.HTTP()}, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.config.Name }

// Capabilities says what the mapping says.
func (p *Port) Capabilities() port.Capabilities {
	c := p.mapping.Capabilities
	return port.Capabilities{Master: p.mapping.kinds(),
		UniqueReference: c.UniqueReference, ChecksBalance: c.ChecksBalance,
		ClosedPeriods: c.ClosedPeriods, Reverse: c.Reverse, ForeignCurrency: c.ForeignCurrency,
		CostCenters: c.CostCenters, Dimensions: c.Dimensions, Told: p.mapping.Voucher.told(), ReferenceMax: c.ReferenceMax,
		Creates: p.mapping.mark("create"), Posts: p.mapping.mark("post")}
}

// Find returns every voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	call := p.mapping.Calls["find"]
	tree, err := p.do(ctx, exchange{call: call, values: values{fields: map[string]any{"reference": reference}}})
	if err != nil {
		return nil, err
	}
	list, ok := tree.([]any)
	if !ok && tree != nil {
		return nil, port.Fault(port.CodeUnavailable, "find did not answer with a list")
	}
	if tree == nil {
		return nil, port.Fault(port.CodeUnavailable, "find answered with nothing")
	}
	var found []port.Found
	for _, item := range list {
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
	if most := p.mapping.Capabilities.ReferenceMax; most > 0 && len(v.Reference) > most {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "long_reference"))
	}
	for _, e := range v.Entries {
		if base := port.Base(e); base.Currency != p.config.Currency {
			return port.Found{}, port.Fault(port.CodeRefused,
				"the books are kept in "+string(p.config.Currency)+", not "+string(base.Currency))
		}
	}
	tree, err := p.do(ctx, exchange{call: p.mapping.Calls["create"], values: fieldsOf(v, v.Reference),
		writes: true, reference: v.Reference})
	if err != nil {
		return port.Found{}, err
	}
	return p.found(tree, true)
}

// Post makes a draft effective. It reads the state first, and again where the
// post was refused, because elsewhere a second post is an error.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	now, err := p.read(ctx, f.ID)
	if err != nil || now.State == port.Posted {
		return now, err
	}
	tree, refusal := p.do(ctx, exchange{call: p.mapping.Calls["post"], id: f.ID, writes: true,
		reference: f.Reference + ":post"})
	if port.MayHaveHappened(refusal) {
		return port.Found{}, refusal
	}
	if refusal == nil {
		if done, err := p.found(tree, true); err == nil && done.State == port.Posted {
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

// Reverse books the opposite of a posted voucher and posts it. 红冲
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	call, ok := p.mapping.Calls["reverse"]
	if !ok || !p.mapping.Capabilities.Reverse {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "reverse"))
	}
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	if len(before) > 1 {
		return port.Found{}, port.Fault(port.CodeAmbiguous, "", fault.Arg("reference", reference))
	}
	if len(before) == 1 {
		if before[0].State != port.Draft || before[0].Date == date {
			return p.Post(ctx, before[0])
		}
		if err := p.Discard(ctx, before[0]); err != nil { // it was meant for another day
			return port.Found{}, err
		}
	}
	sent := fieldsOf(voucher.Voucher{Date: date, Reference: reference}, reference)
	tree, err := p.do(ctx, exchange{call: call, id: f.ID, values: sent, writes: true, reference: reference})
	if err != nil {
		return port.Found{}, err
	}
	draft, err := p.found(tree, true)
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, draft)
}

// Discard deletes a draft.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	call, ok := p.mapping.Calls["discard"]
	if !ok {
		return port.Fault(port.CodeUnsupported, "", fault.Arg("what", "discard"))
	}
	_, err := p.do(ctx, exchange{call: call, id: f.ID, writes: true, reference: f.Reference + ":discard"})
	return err
}

func (p *Port) read(ctx context.Context, id string) (port.Found, error) {
	tree, err := p.do(ctx, exchange{call: p.mapping.Calls["read"], id: id})
	if err != nil {
		return port.Found{}, err
	}
	return p.found(tree, false)
}

// found reads a voucher; one that cannot be read is an answer that was lost.
func (p *Port) found(tree any, writes bool) (port.Found, error) {
	f, err := p.mapping.Voucher.found(tree, p.config.Currency)
	if _, ours := fault.As(err); err != nil && !ours {
		return port.Found{}, port.Unclear(err.Error(), writes)
	}
	return f, err
}
