package filedrop

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// faultOf is fault.As, for files that know no codes.
func faultOf(err error) (*fault.Fault, bool) { return fault.As(err) }

// Sync reads accounts.csv (code, name, party: yes where one is wanted), parties.csv
// and cost_centers.csv (code, name), each with a line of titles; what is not there
// is empty.
func (p *Port) Sync(ctx context.Context, _ time.Time) (port.Master, error) {
	m := port.Master{Complete: true, AsOf: time.Now()}
	digits, _ := money.Exponent(p.currency)
	m.Currencies = []port.Currency{{ID: string(p.currency), Code: string(p.currency), Digits: digits}}
	if p.options["master"] == "" {
		return m, nil
	}
	for name, each := range map[string]func(r []string){
		"accounts.csv": func(r []string) {
			m.Accounts = append(m.Accounts, port.Account{ID: r[0], Code: r[0], Name: r[1], Active: true,
				PartyRequired: r[2] == "yes"})
		},
		"parties.csv": func(r []string) {
			m.Parties = append(m.Parties, port.Party{ID: r[0], Code: r[0], Name: r[1], Active: true})
		},
		"cost_centers.csv": func(r []string) {
			m.CostCenters = append(m.CostCenters, port.CostCenter{ID: r[0], Code: r[0], Name: r[1], Active: true})
		},
	} {
		err := p.config.Witnessed(ctx, "READ", name, nil, func() error { return p.rows(name, each) })
		if err != nil {
			return port.Master{}, err
		}
	}
	return m, nil
}

// rows reads one file; a short row is filled up.
func (p *Port) rows(name string, each func(r []string)) error {
	text, err := readFile(filepath.Join(p.options["master"], name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	if !utf8.Valid(text) {
		return port.Fault(port.CodeUnavailable, name+": it is not UTF-8")
	}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	reader.FieldsPerRecord = -1
	all, err := reader.ReadAll()
	if err != nil {
		return port.Fault(port.CodeUnavailable, name+": "+err.Error())
	}
	seen := map[string]bool{}
	for i, r := range all {
		if i == 0 || r[0] == "" {
			continue
		}
		if seen[r[0]] {
			return port.Fault(port.CodeUnavailable, name+": "+r[0]+" is there twice")
		}
		seen[r[0]] = true
		each(append(r, "", ""))
	}
	return nil
}

// known holds a voucher against the master data, where there is any.
func (p *Port) known(v voucher.Voucher) error {
	m, err := p.Sync(context.Background(), time.Time{})
	if err != nil || len(m.Accounts) == 0 {
		return err
	}
	accounts, parties := map[string]port.Account{}, map[string]bool{"": true}
	for _, a := range m.Accounts {
		accounts[a.Code] = a
	}
	for _, party := range m.Parties {
		parties[party.Code] = true
	}
	for _, e := range v.Entries {
		account, ok := accounts[e.Account]
		if !ok {
			return port.Fault(port.CodeUnknownAccount, "it is not in accounts.csv", fault.Arg("account", e.Account))
		}
		if account.PartyRequired && e.Party == "" {
			return port.Fault(port.CodeUnknownParty, "account "+e.Account+" wants a party", fault.Arg("party", ""))
		}
		if len(m.Parties) > 0 && !parties[e.Party] {
			return port.Fault(port.CodeUnknownParty, "it is not in parties.csv", fault.Arg("party", e.Party))
		}
	}
	return nil
}
