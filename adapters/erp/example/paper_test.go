package example_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/voucher"
)

// Paper is a connector in its smallest form.
type Paper struct {
	config port.Config
	http   *http.Client
}

func Open(config port.Config) (port.Port, error) {
	if config.Secret == "" {
		return nil, port.Fault(port.CodeBadConfig, "set password to the ERP's token")
	}
	return &Paper{config: config, http: config.HTTP()}, nil
}

func (p *Paper) Name() string { return p.config.Name }

func (p *Paper) Capabilities() port.Capabilities {
	return port.Capabilities{ChecksBalance: true, ClosedPeriods: true, Reverse: true,
		Master:  []master.Kind{master.Account, master.Party, master.Period, master.Currency},
		Creates: port.Mark{Method: "POST", Text: `"lines"`},
		Posts:   port.Mark{Method: "POST", Text: "/post"}}
}

// call is one exchange. Whoever calls says whether it writes: only then is a lost
// answer Unknown.
func (p *Paper) call(ctx context.Context, method, path string, body any, writes bool, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.config.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+string(p.config.Secret))
	answer, err := port.Send(p.http, r, writes)
	if err != nil {
		return err
	}
	if answer.Status >= 300 {
		return refusal(answer, writes)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return port.Unclear(err.Error(), writes)
	}
	return nil
}

// codes are what the ERP's own error codes mean to us.
var codes = map[string]string{"closed_period": port.CodeClosedPeriod, "unknown_account": port.CodeUnknownAccount,
	"unknown_party": port.CodeUnknownParty, "unbalanced": port.CodeUnbalanced, "rate_limited": port.CodeRateLimited}

func refusal(answer port.Answer, writes bool) error {
	var said struct {
		Error struct{ Code, Message string }
	}
	_ = json.Unmarshal(answer.Body, &said)
	if code := codes[said.Error.Code]; code != "" {
		return port.Fault(code, said.Error.Message)
	}
	if err := port.Status(answer.Status, writes); said.Error.Code == "" || port.MayHaveHappened(err) {
		return err
	}
	return port.Fault(port.CodeRefused, said.Error.Message)
}

// paper is a voucher on the wire.
type paper struct {
	ID        string `json:"id,omitempty"`
	Reference string `json:"external_ref"`
	Number    string `json:"number,omitempty"`
	State     string `json:"state,omitempty"`
	Currency  string `json:"currency"`
	Date      string `json:"date"`
	Lines     []line `json:"lines"`
}

type line struct {
	Account string `json:"account"`
	Party   string `json:"party,omitempty"`
	Side    string `json:"side"`
	Amount  string `json:"amount"`
}

type one struct {
	Voucher paper `json:"voucher"`
}

func (p *Paper) Find(ctx context.Context, reference string) ([]port.Found, error) {
	var got struct {
		Vouchers []paper `json:"vouchers"`
	}
	err := p.call(ctx, "GET", "/api/vouchers?external_ref="+url.QueryEscape(reference), nil, false, &got)
	if err != nil {
		return nil, err
	}
	var all []port.Found
	for _, v := range got.Vouchers {
		f, err := p.found(v)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

func (p *Paper) found(v paper) (port.Found, error) {
	f := port.Found{Reference: v.Reference, ID: v.ID, Number: v.Number, State: port.State(v.State), Date: v.Date}
	for _, l := range v.Lines {
		amount, err := port.ParseAmount(l.Amount, p.config.Currency)
		if err != nil {
			return f, port.Fault(port.CodeConflict, err.Error())
		}
		side := voucher.Side(l.Side)
		f.Lines = append(f.Lines, port.LineOf(voucher.Entry{Side: side, Account: l.Account, Party: l.Party, Amount: amount}))
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

func (p *Paper) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	sent := paper{Reference: v.Reference, Currency: string(p.config.Currency), Date: v.Date}
	for _, e := range v.Entries {
		sent.Lines = append(sent.Lines,
			line{Account: e.Account, Party: e.Party, Side: string(e.Side), Amount: port.Base(e).Text()})
	}
	var got one
	if err := p.call(ctx, "POST", "/api/vouchers", sent, true, &got); err != nil {
		return port.Found{}, err
	}
	return p.found(got.Voucher)
}

func (p *Paper) Post(ctx context.Context, f port.Found) (port.Found, error) {
	read := func(ctx context.Context) (port.Found, error) {
		var got one
		if err := p.call(ctx, "GET", "/api/vouchers/"+f.ID, nil, false, &got); err != nil {
			return port.Found{}, err
		}
		return p.found(got.Voucher)
	}
	return port.PostDraft(ctx, read, func(ctx context.Context, _ port.Found) error {
		return p.call(ctx, "POST", "/api/vouchers/"+f.ID+"/post", nil, true, new(one))
	})
}

func (p *Paper) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	draft, there, err := port.Only(reference, before)
	if err == nil && !there {
		var got one
		sent := map[string]string{"external_ref": reference, "date": date}
		if err = p.call(ctx, "POST", "/api/vouchers/"+f.ID+"/reverse", sent, true, &got); err == nil {
			draft, err = p.found(got.Voucher)
		}
	}
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, draft)
}

func (p *Paper) Discard(ctx context.Context, f port.Found) error {
	return p.call(ctx, "DELETE", "/api/vouchers/"+f.ID, nil, true, new(any))
}

// item is one of any list of master data.
type item struct {
	Code, Name, From, To string
	PartyRequired        bool `json:"party_required"`
	Active, Open         bool
}

func (p *Paper) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	for path, take := range map[string]func(item){
		"accounts": func(i item) {
			m.Accounts = append(m.Accounts, port.Account{Code: i.Code, PartyRequired: i.PartyRequired, Active: i.Active})
		},
		"parties": func(i item) { m.Parties = append(m.Parties, port.Party{Code: i.Code, Name: i.Name, Active: true}) },
		"periods": func(i item) {
			m.Periods = append(m.Periods, port.Period{Name: i.Name, From: i.From, To: i.To, Open: i.Open})
		},
		"currencies": func(i item) { m.Currencies = append(m.Currencies, port.Currency{Code: i.Code}) },
	} {
		var got struct{ Items []item }
		if err := p.call(ctx, "GET", "/api/"+path, nil, false, &got); err != nil {
			return port.Master{}, err
		}
		for _, i := range got.Items {
			take(i)
		}
	}
	return m, nil
}
