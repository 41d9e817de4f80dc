package port

import (
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// Dimension says in which of the ERP's fields something of an entry goes, on
// the accounts whose code begins with Accounts. 辅助核算
type Dimension struct {
	Accounts string // a prefix; "" = every account
	Of       string // party or cost_center
	Field    string // the ERP's own name
}

// Dimensions are the auxiliary dimensions of a chart of accounts.
type Dimensions []Dimension

// What of an entry can go into a dimension.
const (
	OfParty      = "party"
	OfCostCenter = "cost_center"
)

// Dimensions reads an option such as "2202.party=FFLEX4, 66.cost_center=FFLEX5":
// the beginning of account codes, what of the entry, the ERP's field.
//
// Errors: Invalid erp.bad_config.
func (o Options) Dimensions(name string) (Dimensions, error) {
	list, ok := pairs(o[name])
	if !ok {
		return nil, BadOption(name, "is not a list such as 2202.party=FFLEX4, 66.cost_center=FFLEX5")
	}
	var all Dimensions
	for _, p := range list {
		dot := strings.LastIndex(p[0], ".")
		of := p[0][dot+1:]
		if of != OfParty && of != OfCostCenter {
			return nil, BadOption(name, "has "+p[0]+": write <accounts>.party or <accounts>.cost_center")
		}
		all = append(all, Dimension{Accounts: strings.TrimSuffix(p[0][:max(dot, 0)], "*"), Of: of, Field: p[1]})
	}
	return all, nil
}

// Field is the ERP's field for something on an account, "" if the account keeps
// none; the longest beginning wins.
func (d Dimensions) Field(account, of string) string {
	field, longest := "", -1
	for _, one := range d {
		if one.Of == of && strings.HasPrefix(account, one.Accounts) && len(one.Accounts) > longest {
			field, longest = one.Field, len(one.Accounts)
		}
	}
	return field
}

// Fields lists the distinct fields of one kind, in the order they were written.
func (d Dimensions) Fields(of string) []string {
	var fields []string
	seen := map[string]bool{}
	for _, one := range d {
		if one.Of == of && !seen[one.Field] {
			seen[one.Field] = true
			fields = append(fields, one.Field)
		}
	}
	return fields
}

// Values are the fields an entry fills. An account that keeps parties wants one.
//
// Errors: Invalid erp.unknown_party, before anything is sent.
func (d Dimensions) Values(e voucher.Entry) (map[string]string, error) {
	values := map[string]string{}
	if field := d.Field(e.Account, OfParty); field != "" {
		if e.Party == "" {
			return nil, Fault(CodeUnknownParty, "account "+e.Account+" wants a party", fault.Arg("party", ""))
		}
		values[field] = e.Party
	}
	if field := d.Field(e.Account, OfCostCenter); field != "" && e.CostCenter != "" {
		values[field] = e.CostCenter
	}
	return values, nil
}
