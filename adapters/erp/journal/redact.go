package journal

import (
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/countersign/countersign/adapters/erp/port"
)

// The limits of what is kept.
const (
	excerptMax = 2000 // bytes of one side
	depthMax   = 32
	textMax    = 300 // bytes of one text
	digitsMost = 11  // digits in a row of values that stand in a text: more may be a bank account, or a telephone
	tokenLeast = 24  // characters without a blank that look like a token
	mask       = "•"
	maskedMost = 400 // masked values that are looked for in texts
)

// redactor takes one exchange apart. What it masks on one side it masks in the texts
// of the other: an ERP repeats names in its complaints.
type redactor struct {
	hidden []string // secrets of this exchange
	masked []string // values that were masked
	known  []string // what may stand as it is: our reference and document
}

// Redacted is an exchange as it may be kept.
func Redacted(x port.Exchange) Entry {
	r := &redactor{hidden: x.Hidden}
	for _, own := range []string{x.Reference, x.Document} {
		if own != "" {
			r.known = append(r.known, own)
		}
	}
	e := Entry{
		Connection: x.Connection, Adapter: x.Adapter, Op: string(x.Op), Document: x.Document, Reference: x.Reference,
		Entity: x.Entity, Attempt: x.Attempt, StartedAt: x.StartedAt.UTC(), Took: x.Took, Status: x.Status,
		Class: string(x.Class), Code: x.Code, Method: x.Method, SentBytes: x.Sent.Size, GotBytes: x.Got.Size,
	}
	e.SentExcerpt = r.side(x.Sent)
	e.Excerpt = r.side(x.Got)
	e.Path = r.path(x.Path)
	e.SentSum, e.GotSum = sumOf(x.Sent, e.SentExcerpt), sumOf(x.Got, e.Excerpt)
	return e
}

// sumOf is kept in place of what could not be.
func sumOf(s port.Said, excerpt string) string {
	if excerpt != "" {
		return ""
	}
	return s.Sum
}

// side is what may be kept of one side; "" where it is in no form that is understood.
func (r *redactor) side(s port.Said) string {
	if len(s.Head) == 0 {
		return ""
	}
	whole := int64(len(s.Head)) == s.Size
	kind, _, _ := mime.ParseMediaType(s.Type)
	var text string
	var ok bool
	switch first := firstOf(s.Head); {
	case kind == "application/x-www-form-urlencoded":
		text, ok = r.form(s.Head, whole)
	case first == '{' || first == '[':
		text, ok = r.json(s.Head, whole)
	case first == '<' && !strings.Contains(kind, "html"):
		text, ok = r.xml(s.Head, whole)
	}
	if !ok || r.holdsHidden(text) {
		return ""
	}
	return text
}

func firstOf(b []byte) byte {
	for _, c := range b {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0xef && c != 0xbb && c != 0xbf {
			return c
		}
	}
	return 0
}

// plainNames are the names behind which a value stays as it is, in lower case and
// without their marks. Whatever is not here is masked, but for what its form shows to
// be an amount, a date or a reference of ours.
var plainNames = namesOf(`account accountcode accountid accsubjectcode faccountid glaccount companycode
	accountingdocument fiscalyear fiscalperiod ledger costcenter costcenterid cdeptid currency currencycode
	currencyid fcurrencyid fcurrency defaultcurrency state status docstatus voucherstatus documentstatus
	fdocumentstatus side code errcode errorcode type vouchertype vouchertypecode movetype doctype exctype jsonrpc
	method service model formid date postingdate documentdate maketime busidate ref reference externalref chequeno
	documentreferenceid voucherid billcode movenumber postnumber accbookcode taxcode debitcreditcode severity
	inoid id number`)

// textNames are those behind which an ERP says in words what is wrong.
var textNames = namesOf(`message errmsg error exception fault faultstring note description msg reason words`)

func namesOf(list string) map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(list) {
		names[name] = true
	}
	return names
}

// plain is a name as the lists have it.
func plain(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '_' || c == '-' || c == '.' || c == ' ' {
			return -1
		}
		return unicode.ToLower(c)
	}, name)
}

var (
	shapes = []*regexp.Regexp{
		// Amounts and small numbers, instants, references of ours.
		regexp.MustCompile(`^-?\d{1,10}(\.\d{1,10})?$`),
		regexp.MustCompile(`^\d{4}[-/]\d{2}[-/]\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?[Z0-9:+]*)?$`),
		regexp.MustCompile(`^v:[0-9a-z-]{1,40}:[a-z-]{1,24}:\d{1,6}$`),
		regexp.MustCompile(`^(true|false|null|yes|no|=|!=|<|>|<=|>=|in|like|ilike|and|or)$`),
	}
	code      = regexp.MustCompile(`^[A-Za-z0-9_.:/#-]{1,64}$`)
	longToken = regexp.MustCompile(`[A-Za-z0-9+/=_-]{24,}`)
	digitRun  = regexp.MustCompile(`\d(?:[ -]?\d){7,}`)
	address   = regexp.MustCompile(`[^\s@<>()",;']+@[^\s@<>()",;']+`)
	segment   = regexp.MustCompile(`^[A-Za-z0-9_.:~-]{0,80}$`)
)

// value is one value behind a name; "" is the name of what stands in a list.
func (r *redactor) value(name, text string) string {
	text = strings.TrimSpace(text)
	bare := plain(name)
	switch {
	case text == "":
		return ""
	case port.Secretive(name) || !utf8.ValidString(text):
		return mask
	case textNames[bare]:
		return r.words(text)
	case r.holdsHidden(text):
		return mask
	case slices.Contains(r.known, text) || shaped(text):
		return text
	case plainNames[bare] && code.MatchString(text) && digits(text) <= digitsMost && !tokenLike(text):
		return text
	}
	if len(r.masked) < maskedMost && utf8.RuneCountInString(text) > 1 {
		r.masked = append(r.masked, text)
	}
	return mask
}

func shaped(text string) bool {
	return slices.ContainsFunc(shapes, func(s *regexp.Regexp) bool { return s.MatchString(text) })
}

func tokenLike(text string) bool {
	return len(text) >= tokenLeast && longToken.MatchString(text)
}

func digits(text string) int {
	n := 0
	for _, c := range text {
		if unicode.IsDigit(c) {
			n++
		}
	}
	return n
}

// words is what an ERP says, without what was masked elsewhere and without numbers,
// addresses and tokens.
func (r *redactor) words(text string) string {
	for _, h := range r.hidden {
		text = strings.ReplaceAll(text, h, mask)
	}
	for _, m := range r.masked {
		text = strings.ReplaceAll(text, m, mask)
	}
	text = address.ReplaceAllString(text, mask)
	keep := func(found string) string {
		if slices.ContainsFunc(r.known, func(k string) bool { return strings.Contains(k, found) }) || shaped(found) {
			return found
		}
		return mask
	}
	text = longToken.ReplaceAllStringFunc(text, keep)
	text = digitRun.ReplaceAllStringFunc(text, keep)
	return cut(text, textMax)
}

func (r *redactor) holdsHidden(text string) bool {
	return slices.ContainsFunc(r.hidden, func(h string) bool { return strings.Contains(text, h) })
}

// path is where it was said, without what may stand in it of a person or a token.
func (r *redactor) path(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		short := segment.MatchString(part) && digits(part) <= digitsMost && !tokenLike(strings.ReplaceAll(part, ".", " "))
		if !short && !slices.Contains(r.known, part) && !doctypes[part] || r.holdsHidden(part) ||
			slices.Contains(r.masked, part) {
			parts[i] = mask
		}
	}
	return cut(strings.Join(parts, "/"), textMax)
}

// doctypes are parts of an address with a blank in them that name no person.
var doctypes = map[string]bool{"Journal Entry": true, "GL Entry": true, "Cost Center": true, "Fiscal Year": true,
	"Accounting Period": true}

// cut bounds a text, at a rune.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}
