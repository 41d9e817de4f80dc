package pages

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy/doctype"
)

// form is a document as somebody types it: text, right or wrong.
type form struct {
	Title, Reason, Urgency, Currency, Entity, Department, CostCenter, Requester, Payee, Opinion string

	Advance, Settled string // an advance's number, and how much of it is settled
	CC, CCRemark     string // who is copied in with the submission
	Seen             string // when its draft was last seen saved, see seenOf

	Fields map[string]string
	Lines  []formLine
	Files  []formFile
}

type formLine struct {
	Category, Date, Description, Amount, Tax, Invoice, CostCenter, City, Units string

	Files []formFile
	Said  string // what was read out of an invoice just now
}

// formFile is a file that was uploaded with an earlier round of the form.
type formFile struct {
	ID, Name string
	Size     int64
}

// Token carries a file through the form; the desk believes only the id.
func (f formFile) Token() string { return f.ID + "|" + strconv.FormatInt(f.Size, 10) + "|" + f.Name }

func readFile(token string) (formFile, bool) {
	parts := strings.SplitN(token, "|", 3)
	if len(parts) != 3 {
		return formFile{}, false
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	return formFile{ID: parts[0], Name: parts[2], Size: size}, err == nil
}

// What a form may hold while it is written: more than a document may have, so that who
// adds too much is told of it, and nothing of it is lost in silence.
const (
	filesKept = 4 * doctype.FilesMax
	linesKept = 2 * doctype.LinesMax
)

func readFiles(tokens []string) []formFile {
	var list []formFile
	for _, token := range tokens {
		if f, ok := readFile(token); ok && len(list) < filesKept {
			list = append(list, f)
		}
	}
	return list
}

// readForm reads what was sent; it refuses nothing, so that nothing is lost.
func readForm(sent url.Values, t *doctype.Type) form {
	one := func(name string) string { return strings.TrimSpace(sent.Get(name)) }
	f := form{
		Title: one("title"), Reason: one("reason"), Urgency: one("urgency"), Currency: one("currency"),
		Entity: one("entity"), Department: one("department"), CostCenter: one("cost_center"),
		Requester: one("requester"), Payee: one("payee"), Opinion: one("opinion"),
		Advance: one("offset.advance"), Settled: one("offset.amount"), CC: one("cc"), CCRemark: one("cc_remark"),
		Seen:   one("seen"),
		Fields: map[string]string{}, Files: readFiles(sent["file"]),
	}
	for _, field := range t.Fields {
		f.Fields[field.Name] = one("fields." + field.Name)
	}
	for _, at := range sent["line"] {
		if len(f.Lines) == linesKept {
			break
		}
		of := "lines." + at + "."
		f.Lines = append(f.Lines, formLine{
			Category: one(of + "category"), Date: one(of + "date"), Description: one(of + "description"),
			Amount: one(of + "amount"), Tax: one(of + "tax"), Invoice: one(of + "invoice"),
			CostCenter: one(of + "cost_center"), City: one(of + "city"), Units: one(of + "units"),
			Files: readFiles(sent[of+"file"]),
		})
	}
	return f
}

func (f form) copies() desk.CC { return desk.CC{People: people(f.CC), Remark: f.CCRemark} }

// carried keeps in an address who is to be copied in: a draft copies nobody in,
// so nothing stores it.
func (f form) carried() string {
	query := url.Values{}
	for name, value := range map[string]string{"cc": f.CC, "cc_remark": f.CCRemark} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// formOf is a stored content as its author may go on typing it.
func formOf(c document.Content) form {
	f := form{
		Title: c.Title, Reason: c.Reason, Urgency: string(c.Urgency), Currency: string(c.Currency), Entity: c.Entity,
		Department: c.Department, CostCenter: c.CostCenter, Requester: c.Requester, Payee: c.Payee.ID,
		Fields: c.Fields, Files: filesOf(c.Attachments),
	}
	if c.Offset != nil {
		f.Advance, f.Settled = c.Offset.Number, typed(c.Offset.Amount)
	}
	for _, l := range c.Lines {
		line := formLine{
			Category: l.Category, Date: l.Date, Description: l.Description, Amount: typed(l.Amount), Tax: typed(l.Tax),
			Invoice: l.Invoice, CostCenter: l.CostCenter, City: l.City, Files: filesOf(l.Attachments),
		}
		if l.Units > 0 {
			line.Units = strconv.FormatInt(l.Units, 10)
		}
		f.Lines = append(f.Lines, line)
	}
	return f
}

func typed(a money.Amount) string {
	if a.Minor == 0 {
		return ""
	}
	return a.Text()
}

func filesOf(list []document.Attachment) []formFile {
	var files []formFile
	for _, a := range list {
		files = append(files, formFile{a.ID, a.Name, a.Size})
	}
	return files
}

// withoutBlankLines drops the lines that nobody filled in.
func (f form) withoutBlankLines() form {
	f.Lines = slices.DeleteFunc(slices.Clone(f.Lines), func(l formLine) bool {
		return l.Date+l.Description+l.Amount+l.Tax+l.Invoice+l.City+l.Units == "" && len(l.Files) == 0
	})
	return f
}

// content reads the amounts. What cannot be read is zero in the content and
// told with its field.
func (f form) content(t *doctype.Type) (document.Content, []*fault.Fault) {
	written := desk.Form{
		Type: t.ID, Title: f.Title, Reason: f.Reason, Entity: f.Entity, Department: f.Department, CostCenter: f.CostCenter,
		Requester: f.Requester, Currency: f.Currency, Urgency: f.Urgency, Fields: f.Fields, Attachments: idsOf(f.Files),
	}
	if t.Payee == doctype.PayeeSupplier {
		written.Payee = &desk.FormPayee{Kind: string(document.PayeeSupplier), ID: f.Payee}
	}
	if t.Offsets != "" && f.Advance+f.Settled != "" {
		written.Offset = &desk.FormOffset{Advance: f.Advance, Amount: f.money(f.Settled)}
	}
	for _, l := range f.Lines {
		written.Lines = append(written.Lines, desk.FormLine{
			Category: l.Category, Description: l.Description, Date: l.Date, CostCenter: l.CostCenter, Invoice: l.Invoice,
			Amount: f.money(l.Amount), Tax: f.money(l.Tax), Attachments: idsOf(l.Files),
			City: l.City, Units: desk.Units(l.Units),
		})
	}
	c, err := written.Content()
	for i := range c.Lines {
		for _, a := range []*money.Amount{&c.Lines[i].Amount, &c.Lines[i].Tax} {
			if a.Currency == "" {
				*a = money.Zero(c.Currency)
			}
		}
	}
	return c, faultsOf(err)
}

func (f form) money(text string) *desk.Money {
	if text == "" {
		return nil
	}
	return &desk.Money{Amount: plainAmount(text), Currency: f.Currency}
}

func idsOf(list []formFile) []string {
	var ids []string
	for _, f := range list {
		ids = append(ids, f.ID)
	}
	return ids
}

// groupedAmount is an amount with well-placed commas. Anything else with a comma
// may be meant another way and is left for the rules to refuse.
var groupedAmount = regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$`)

// plainAmount is an amount without what keyboards and copies put into it:
// full-width digits, and commas between thousands.
func plainAmount(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '．':
			return '.'
		case r == '，':
			return ','
		}
		return r
	}, text)
	if groupedAmount.MatchString(text) {
		return strings.ReplaceAll(text, ",", "")
	}
	return text
}

// faultsOf lists the faults in an error; nil for none and for what is no fault.
func faultsOf(err error) []*fault.Fault {
	f, ok := fault.As(err)
	if !ok {
		return nil
	}
	first := *f
	first.More = nil
	return append([]*fault.Fault{&first}, f.More...)
}
