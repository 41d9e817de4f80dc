package port

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// Dimension says in which of the ERP's fields something of an entry goes, on
// the accounts whose code begins with Accounts. 辅助核算
type Dimension struct {
	Accounts string // a prefix; "" = every account
	Of       string // party, cost_center, or the name of a dimension: project, customer …
	Field    string // the ERP's own name; "" = not on these accounts
}

// Dimensions are the auxiliary dimensions of a chart of accounts.
type Dimensions []Dimension

// What every entry has room for; all else are the names of its dimensions.
const (
	OfParty      = "party"
	OfCostCenter = "cost_center"
)

// dimensionName is how a mapping names a dimension.
var dimensionName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Dimensions reads an option such as "2202.party=FFLEX4, 66.cost_center=FFLEX5,
// 66.project=F100002": the beginning of account codes, what of the entry, the ERP's field.
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
		if dot < 0 || !dimensionName.MatchString(of) {
			return nil, BadOption(name, "has "+p[0]+": write <accounts>.party, <accounts>.cost_center or "+
				"<accounts>.<dimension>, as the mapping names it, such as 66.project")
		}
		all = append(all, Dimension{Accounts: strings.TrimSuffix(p[0][:dot], "*"), Of: of, Field: p[1]})
	}
	return all, nil
}

// DimensionTable reads an option such as "project=Projects, region=Regions": a dimension,
// as the mapping names it, and what the ERP keeps it in, on every account.
//
// Errors: Invalid erp.bad_config.
func (o Options) DimensionTable(name string) (map[string]string, error) {
	table, err := o.Table(name)
	for _, of := range slices.Sorted(maps.Keys(table)) {
		if !dimensionName.MatchString(of) || of == OfParty || of == OfCostCenter {
			return nil, BadOption(name, "has "+of+": write a dimension, as the mapping names it, such as project; "+
				"the party and the cost center have their own place")
		}
	}
	return table, err
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

// Fields lists the distinct fields of one kind, in the order they were written;
// of "" those of every kind.
func (d Dimensions) Fields(of string) []string {
	var fields []string
	for _, one := range d {
		if one.Field != "" && (of == "" || one.Of == of) && !slices.Contains(fields, one.Field) {
			fields = append(fields, one.Field)
		}
	}
	return fields
}

// Names lists what goes into some field, the party apart, sorted.
func (d Dimensions) Names() []string {
	var names []string
	for _, one := range d {
		if one.Of != OfParty && one.Field != "" {
			names = append(names, one.Of)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Apart takes all else off the accounts that keep a party, for ERPs whose entry on such
// an account is the party's and has no room for more.
func (d Dimensions) Apart() Dimensions {
	var all Dimensions
	for _, party := range d {
		if party.Of != OfParty {
			continue
		}
		for _, name := range d.Names() {
			all = append(all, Dimension{Accounts: party.Accounts, Of: name})
		}
	}
	return append(all, d...)
}

// Values are the fields an entry fills. An account that keeps parties wants one.
//
// Errors, before anything is sent: Invalid erp.unknown_party; Invalid erp.unsupported
// for a dimension that the account does not keep, or two of different value for one field.
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
	for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
		field, value := d.Field(e.Account, name), e.Dimensions[name]
		if field == "" {
			return nil, Fault(CodeUnsupported, "name its field in options.dimensions",
				fault.Arg("what", name+" on account "+e.Account))
		}
		if before := values[field]; before != "" && before != value {
			return nil, Fault(CodeUnsupported, "both "+before+" and "+value+" would go into "+field,
				fault.Arg("what", name+" on account "+e.Account))
		}
		values[field] = value
	}
	return values, nil
}

// Read is what an entry of the ERP holds in the fields of an account, as value tells it,
// by the names that are ours.
func (d Dimensions) Read(account string, value func(field string) string) map[string]string {
	read := map[string]string{}
	for _, name := range d.Names() {
		if field := d.Field(account, name); field != "" {
			if code := value(field); code != "" {
				read[name] = code
			}
		}
	}
	return read
}

// Blame says of a refusal which dimension it is about. Most ERPs treat a party as one
// dimension among others, so it goes by the value that their words name.
func Blame(err error, v voucher.Voucher) error {
	f, ok := fault.As(err)
	if !ok || f.Code != CodeUnknownParty && f.Code != CodeUnknownDimension || f.Args["words"] == "" {
		return err
	}
	words := f.Args["words"]
	if f.Code == CodeUnknownParty && slices.ContainsFunc(v.Entries, func(e voucher.Entry) bool {
		return e.Party != "" && strings.Contains(words, e.Party)
	}) {
		return err
	}
	for _, e := range v.Entries {
		for _, name := range append(slices.Sorted(maps.Keys(e.Dimensions)), OfCostCenter) {
			if value := valueOf(e, name); value != "" && strings.Contains(words, value) {
				return Fault(CodeUnknownDimension, words, fault.Arg("dimension", name), fault.Arg("value", value))
			}
		}
	}
	return err
}

// valueOf is what an entry says under a name.
func valueOf(e voucher.Entry, name string) string {
	switch {
	case name == OfParty:
		return e.Party
	case name == OfCostCenter && e.CostCenter != "":
		return e.CostCenter
	}
	return e.Dimensions[name]
}

// Refill puts what was read of an entry back into one: its cost center apart.
func Refill(e voucher.Entry, read map[string]string) voucher.Entry {
	e.CostCenter = read[OfCostCenter]
	delete(read, OfCostCenter)
	if len(read) > 0 {
		e.Dimensions = read
	}
	return e
}
