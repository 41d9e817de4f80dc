package tryton

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// cacheMax bounds each cache; a full one is emptied.
const cacheMax = 5000

// cache keeps the ids behind codes. Only what was found is kept, so new master
// data is seen at once, and everything is forgotten when Tryton refuses a move.
type cache struct {
	accounts map[string]account
	ids      map[string]int64 // by model and code
}

type account struct {
	id            int64
	partyRequired bool
}

func newCache() cache {
	return cache{accounts: map[string]account{}, ids: map[string]int64{}}
}

func (p *Port) forget() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.cache = newCache()
}

// row is what the look-ups read.
type row struct {
	ID            json.Number `json:"id"`
	Code          string      `json:"code"`
	Name          string      `json:"name"`
	State         string      `json:"state"`
	PartyRequired bool        `json:"party_required"`
	Currency      *jsonCode   `json:"currency."`
}

func (r row) id() int64 {
	id, _ := r.ID.Int64()
	return id
}

// where says which company we book in; it is looked up once.
func (p *Port) where(ctx context.Context) (company, error) {
	p.mutex.Lock()
	at := p.company
	p.mutex.Unlock()
	if at.id != 0 {
		return at, nil
	}
	id, err := p.companyID(ctx)
	if err != nil {
		return company{}, err
	}
	var rows []row
	err = p.client.call(ctx, false, &rows, "model.company.company.read",
		[]any{id}, []string{"currency.code"}, object{"company": id})
	if err != nil {
		return company{}, err
	}
	if len(rows) != 1 {
		return company{}, port.Fault(port.CodeBadConfig, p.config.Company, fault.Arg("what", "company"))
	}
	at = company{id: id, currency: money.Currency(rows[0].Currency.code())}
	if want := p.config.Currency; want != "" && want != at.currency {
		return company{}, port.Fault(port.CodeBadConfig, "the company keeps its books in "+string(at.currency),
			fault.Arg("what", "currency"))
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.company = at
	return at, nil
}

// companyID finds the company by id, by its party's name, or as the user's own.
func (p *Port) companyID(ctx context.Context) (int64, error) {
	if p.config.Company == "" {
		var preferences struct {
			Company int64 `json:"company"`
		}
		err := p.client.call(ctx, false, &preferences, "model.res.user.get_preferences", true, object{})
		if err == nil && preferences.Company == 0 {
			err = port.Fault(port.CodeBadConfig, "the user has no company", fault.Arg("what", "company"))
		}
		return preferences.Company, err
	}
	if id, err := strconv.ParseInt(p.config.Company, 10, 64); err == nil {
		return id, nil
	}
	var rows []row
	err := p.client.call(ctx, false, &rows, "model.company.company.search_read",
		[]any{[]any{"party.name", "=", p.config.Company}}, 0, 2, nil, []string{"id"}, object{})
	if err != nil {
		return 0, err
	}
	if len(rows) != 1 {
		return 0, port.Fault(port.CodeBadConfig, p.config.Company, fault.Arg("what", "company"))
	}
	return rows[0].id(), nil
}

func (p *Port) account(ctx context.Context, at company, code string) (account, error) {
	p.mutex.Lock()
	got, ok := p.cache.accounts[code]
	p.mutex.Unlock()
	if ok {
		return got, nil
	}
	domain := []any{[]any{"code", "=", code}, []any{"company", "=", at.id}}
	r, err := p.one(ctx, "account.account", domain, "party_required")
	if err != nil || r == nil {
		return account{}, orElse(err, port.Fault(port.CodeUnknownAccount, "", fault.Arg("account", code)))
	}
	got = account{id: r.id(), partyRequired: r.PartyRequired}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.cache.accounts) >= cacheMax {
		clear(p.cache.accounts)
	}
	p.cache.accounts[code] = got
	return got, nil
}

func (p *Port) party(ctx context.Context, code string) (int64, error) {
	return p.byCode(ctx, "party.party", code, port.Fault(port.CodeUnknownParty, "", fault.Arg("party", code)))
}

func (p *Port) journal(ctx context.Context, code string) (int64, error) {
	return p.byCode(ctx, "account.journal", code, port.Fault(port.CodeRefused, "no journal with the code "+code))
}

func (p *Port) currency(ctx context.Context, code money.Currency) (int64, error) {
	return p.byCode(ctx, "currency.currency", string(code), port.Fault(port.CodeRefused, "no currency "+string(code)))
}

func (p *Port) byCode(ctx context.Context, model, code string, missing error) (int64, error) {
	return p.cached(model+":"+code, func() (int64, error) {
		r, err := p.one(ctx, model, []any{[]any{"code", "=", code}})
		if err != nil || r == nil {
			return 0, orElse(err, missing)
		}
		return r.id(), nil
	})
}

// period finds the standard period of a date and refuses a closed one before
// anything is written.
func (p *Port) period(ctx context.Context, at company, date string) (int64, error) {
	return p.cached("period:"+date, func() (int64, error) {
		on, err := day(date)
		if err != nil {
			return 0, port.Fault(port.CodeRefused, err.Error())
		}
		r, err := p.one(ctx, "account.period", []any{[]any{"start_date", "<=", on}, []any{"end_date", ">=", on},
			[]any{"type", "=", "standard"}, []any{"company", "=", at.id}}, "state", "name")
		if err != nil || r == nil {
			return 0, orElse(err, port.Fault(port.CodeClosedPeriod, "no period for that date", fault.Arg("date", date)))
		}
		if r.State != "open" {
			return 0, port.Fault(port.CodeClosedPeriod, "period "+r.Name+" is closed", fault.Arg("date", date))
		}
		return r.id(), nil
	})
}

// one reads the first record of a search, nil for none.
func (p *Port) one(ctx context.Context, model string, domain []any, fields ...string) (*row, error) {
	var rows []row
	err := p.search(ctx, &rows, query{model, domain, 1, append([]string{"id"}, fields...)})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// cached answers from the cache, or finds and keeps.
func (p *Port) cached(key string, find func() (int64, error)) (int64, error) {
	p.mutex.Lock()
	id, ok := p.cache.ids[key]
	p.mutex.Unlock()
	if ok {
		return id, nil
	}
	id, err := find()
	if err != nil {
		return 0, err
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.cache.ids) >= cacheMax {
		clear(p.cache.ids)
	}
	p.cache.ids[key] = id
	return id, nil
}

func orElse(err error, missing error) error {
	if err != nil {
		return err
	}
	return missing
}
