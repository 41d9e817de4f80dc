package filedrop

import (
	"bytes"
	"encoding/csv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// The formats, and the ends of their files' names.
const (
	formatCSV       = "csv"
	formatXLSX      = "xlsx"
	formatHledger   = "hledger"
	formatBeancount = "beancount"
)

var extensions = map[string]string{
	formatCSV: ".csv", formatXLSX: ".xlsx", formatHledger: ".journal", formatBeancount: ".beancount",
}

const defaultColumns = "reference=reference, number=number, date=date, line=line, account=account, text=text, " +
	"debit=debit, credit=credit, currency=currency, amount=amount, party=party, cost_center=cost_center, tax=tax"

// column is one of a CSV file: its title and what goes in.
type column struct{ title, field string }

// What a column of dimensions holds: all of them as text, or after the dot that of a name.
const (
	allDimensions = "dimensions"
	dimensionDot  = "dimension."
)

// dimensions are those that reach the importer: a journal has room for all of them, a
// table for those that have a column.
func (p *Port) dimensions() []string {
	if format := p.options["format"]; format != formatCSV && format != formatXLSX {
		return []string{port.AnyDimension}
	}
	var names []string
	for _, c := range p.columns {
		if c.field == allDimensions {
			return []string{port.AnyDimension}
		}
		if name, ok := strings.CutPrefix(c.field, dimensionDot); ok {
			names = append(names, name)
		}
	}
	return names
}

// fields are what a column may hold.
var fields = map[string]func(v voucher.Voucher, n int, e voucher.Entry) string{
	"reference":     func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Reference },
	"short":         func(v voucher.Voucher, _ int, _ voucher.Entry) string { return voucher.Short(v.Reference) },
	"number":        func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Number },
	"kind":          func(v voucher.Voucher, _ int, _ voucher.Entry) string { return string(v.Kind) },
	"entity":        func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Entity },
	"journal":       func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Journal },
	"date":          func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Date },
	"head":          func(v voucher.Voucher, _ int, _ voucher.Entry) string { return v.Text },
	"line":          func(_ voucher.Voucher, n int, _ voucher.Entry) string { return strconv.Itoa(n) },
	"account":       func(_ voucher.Voucher, _ int, e voucher.Entry) string { return e.Account },
	"side":          func(_ voucher.Voucher, _ int, e voucher.Entry) string { return string(e.Side) },
	"text":          func(_ voucher.Voucher, _ int, e voucher.Entry) string { return e.Text },
	"party":         func(_ voucher.Voucher, _ int, e voucher.Entry) string { return e.Party },
	"cost_center":   func(_ voucher.Voucher, _ int, e voucher.Entry) string { return e.CostCenter },
	"tax":           func(_ voucher.Voucher, _ int, e voucher.Entry) string { return e.Tax },
	"dimensions":    func(_ voucher.Voucher, _ int, e voucher.Entry) string { return splits(e) },
	"amount":        func(_ voucher.Voucher, _ int, e voucher.Entry) string { return paid(e).Text() },
	"currency":      func(_ voucher.Voucher, _ int, e voucher.Entry) string { return string(paid(e).Currency) },
	"base":          func(_ voucher.Voucher, _ int, e voucher.Entry) string { return port.Base(e).Text() },
	"base_currency": func(_ voucher.Voucher, _ int, e voucher.Entry) string { return string(port.Base(e).Currency) },
	"debit":         func(_ voucher.Voucher, _ int, e voucher.Entry) string { return onSide(e, voucher.Debit) },
	"credit":        func(_ voucher.Voucher, _ int, e voucher.Entry) string { return onSide(e, voucher.Credit) },
}

func splits(e voucher.Entry) string { return voucher.SplitsOf(e.Dimensions).Words() }

func paid(e voucher.Entry) money.Amount {
	if e.Amount.Currency == "" {
		return port.Base(e)
	}
	return e.Amount
}

func onSide(e voucher.Entry, side voucher.Side) string {
	if e.Side != side {
		return ""
	}
	return port.Base(e).Text()
}

// cell is what goes into the column for an entry.
func (c column) cell(v voucher.Voucher, n int, e voucher.Entry) string {
	if name, ok := strings.CutPrefix(c.field, dimensionDot); ok {
		return e.Dimensions[name]
	}
	return fields[c.field](v, n, e)
}

// readColumns reads a template such as 日期=date, 科目=account, 借方=debit.
func readColumns(text string) ([]column, error) {
	var columns []column
	for part := range strings.SplitSeq(text, ",") {
		title, field, _ := strings.Cut(part, "=")
		title, field = strings.TrimSpace(title), strings.TrimSpace(field)
		name, dimension := strings.CutPrefix(field, dimensionDot)
		if title == "" || dimension && name == "" || !dimension && fields[field] == nil {
			return nil, port.BadOption("columns", "has "+strings.TrimSpace(part)+
				": write title=field, such as 科目=account, 项目=dimension.project")
		}
		columns = append(columns, column{title, field})
	}
	return columns, nil
}

// render writes the voucher's file.
func (p *Port) render(v voucher.Voucher) ([]byte, error) {
	v.Entries = append([]voucher.Entry{}, v.Entries...)
	for i, e := range v.Entries {
		if theirs := p.accounts[e.Account]; theirs != "" {
			v.Entries[i].Account = theirs
		}
	}
	switch p.options["format"] {
	case formatXLSX:
		return p.workbook(v)
	case formatHledger:
		return hledger(v)
	case formatBeancount:
		return beancount(v)
	}
	return p.csv(v)
}

// csv begins with a byte order mark, by which Excel knows UTF-8.
func (p *Port) csv(v voucher.Voucher) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\xef\xbb\xbf")
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	titles := make([]string, 0, len(p.columns))
	for _, c := range p.columns {
		titles = append(titles, inert(c.title))
	}
	_ = w.Write(titles)
	for n, e := range v.Entries {
		cells := make([]string, 0, len(p.columns))
		for _, c := range p.columns {
			cells = append(cells, inert(c.cell(v, n+1, e)))
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

// inert keeps a cell from becoming a formula in a spreadsheet; amounts stay numbers.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) && !number.MatchString(cell) {
		return "'" + cell
	}
	return cell
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// signed is an entry's amount: credits are negative in a journal.
func signed(e voucher.Entry, a money.Amount) string {
	if e.Side == voucher.Credit {
		a.Minor = -a.Minor
	}
	return a.Text() + " " + string(a.Currency)
}

// oneLine takes out what would end a line or begin a comment, a tag or a posting.
func oneLine(text string, others string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(others, r) {
			return ' '
		}
		return r
	}, text))
}

// hledger writes one transaction. Two spaces end an account's name.
func hledger(v voucher.Voucher) ([]byte, error) {
	var out strings.Builder
	out.WriteString(v.Date + " * (" + voucher.Short(v.Reference) + ") " + oneLine(v.Text,
		";|") + "  ; ref:" + v.Reference + "\n")
	for _, e := range v.Entries {
		if e.Account == "" || e.Account != oneLine(e.Account, ";()[]") || strings.Contains(e.Account, "  ") {
			return nil, port.Fault(port.CodeUnknownAccount, "no name for a journal", fault.Arg("account", e.Account))
		}
		out.WriteString("    " + e.Account + "  " + signed(e, paid(e)))
		if base := port.Base(e); base.Currency != paid(e).Currency {
			out.WriteString(" @@ " + base.Text() + " " + string(base.Currency))
		}
		comment := oneLine(e.Text, ";,:")
		tags := [][2]string{{"party", e.Party}, {"cost_center", e.CostCenter}, {"tax", e.Tax}}
		for _, tag := range append(tags, dimensionTags(e)...) {
			if tag[1] != "" {
				comment += ", " + tag[0] + ":" + oneLine(tag[1], ";,:")
			}
		}
		out.WriteString("  ; " + strings.TrimPrefix(comment, ", ") + "\n")
	}
	return []byte(out.String()), nil
}

// taken are names that an entry of a journal has in use already.
var taken = []string{"ref", "text", "party", "cost_center", "costcenter", "tax"}

// dimensionTags are an entry's dimensions as tags or metadata. A name that is taken, or
// of one letter, which beancount does not read, gets a word before it.
func dimensionTags(e voucher.Entry) [][2]string {
	var tags [][2]string
	for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
		tag := name
		if len(name) < 2 || slices.Contains(taken, name) {
			tag = "dimension-" + name
		}
		tags = append(tags, [2]string{tag, e.Dimensions[name]})
	}
	return tags
}

// accountForm is what beancount takes for an account.
var accountForm = regexp.MustCompile(`^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+$`)

// beancount writes one transaction, with the reference as link and as metadata.
func beancount(v voucher.Voucher) ([]byte, error) {
	var out strings.Builder
	out.WriteString(v.Date + " * " + quoted(v.Number) + " " + quoted(v.Text) + " ^" + voucher.Short(v.Reference) + "\n")
	out.WriteString("  ref: " + quoted(v.Reference) + "\n")
	for _, e := range v.Entries {
		if !accountForm.MatchString(e.Account) {
			return nil, port.Fault(port.CodeUnknownAccount, "name it in options.accounts, such as "+e.Account+"=Assets:Bank",
				fault.Arg("account", e.Account))
		}
		out.WriteString("  " + e.Account + "  " + signed(e, paid(e)))
		if base := port.Base(e); base.Currency != paid(e).Currency {
			out.WriteString(" @@ " + base.Text() + " " + string(base.Currency))
		}
		out.WriteString("\n")
		metas := [][2]string{{"text", e.Text}, {"party", e.Party}, {"costcenter", e.CostCenter}, {"tax", e.Tax}}
		for _, meta := range append(metas, dimensionTags(e)...) {
			if meta[1] != "" {
				out.WriteString("    " + meta[0] + ": " + quoted(meta[1]) + "\n")
			}
		}
	}
	return []byte(out.String()), nil
}

// quoted is a string of beancount.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine(text, "")) + `"`
}
