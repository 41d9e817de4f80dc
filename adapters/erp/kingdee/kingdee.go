// Package kingdee books vouchers in Kingdee K3Cloud 金蝶云星空 through its WebAPI.
//
//	Port ─▶ GL_VOUCHER Save ─▶ Submit ─▶ Audit     ExecuteBillQuery finds and reads back
//	          └─▶ client: signed headers (or a session), POST {url}/<Service>.common.kdsvc
//
// The reference goes in full into a text field that the customer adds to the
// voucher (凭证, GL_VOUCHER) in the BOS designer, 80 characters long, with a
// uniqueness rule if possible: the API itself keeps nothing unique.
//
// No part of it was tried on a live K3Cloud. Signatures are held by vectors,
// bodies follow the SDKs; see sim for what is verified and what is not.
package kingdee

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// options are what a connection needs beside url (the site, with /k3cloud),
// database (AcctID 数据中心), user (集成用户) and the password (AppSecret).
var options = []port.Option{
	{Name: "app_id", Needed: true, Mend: "write the AppID from 第三方系统登录授权"},
	{Name: "account_book", Needed: true, Mend: "write the number of the account book 账簿"},
	{Name: "reference_field", Needed: true, Mend: "add a text field of 80 characters to GL_VOUCHER and write its key"},
	{Name: "voucher_group", Default: "PRE001"}, // 凭证字
	{Name: "currencies", Default: "CNY=PRE001"},
	{Name: "rate_type", Default: "HLTX01_SYS"}, // 汇率类型, of what is booked and of the rates that are read
	{Name: "projects"},   // the form of 项目, such as BD_Project; "" = they are not read
	{Name: "dimensions"}, // such as 2241.party=FFLEX7, 2202.party=FFLEX4, 66.cost_center=FFLEX5, 66.project=F100002
	{Name: "login", Default: "signed"},
	{Name: "organization", Default: "0"},
	{Name: "hand_over", Default: "audit"}, // how far we go: audit, submit or save; accountants do the rest
	{Name: "zone", Default: "Asia/Shanghai"},
}

// handOver says which document statuses count as posted.
var handOver = map[string]string{"audit": "C", "submit": "BC", "save": "ABC"}

// Port is one account book of one K3Cloud data center.
//
// It keeps no secret itself: what prints a Port prints none.
type Port struct {
	name       string
	currency   money.Currency // of the books
	options    port.Options
	client     *client
	dimensions port.Dimensions
	currencies map[string]string // ISO code → their number
	zone       *time.Location
}

// Open makes the port of one connection; it does not speak to the site yet.
//
// Errors: Invalid erp.bad_config, naming the key and the mend.
func Open(config port.Config) (port.Port, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, "write the site's address, such as https://erp.example.com/k3cloud",
			fault.Arg("what", "url"))
	}
	for _, needed := range [][2]string{{"database", config.Database}, {"user", config.User},
		{"password", string(config.Secret)}} {
		if needed[1] == "" {
			return nil, port.Fault(port.CodeBadConfig, needed[0]+" is empty: write AcctID, user and AppSecret",
				fault.Arg("what", needed[0]))
		}
	}
	if config.Currency == "" {
		config.Currency = "CNY"
	}
	p := &Port{name: config.Name, currency: config.Currency}
	if p.options, err = config.Read(options); err != nil {
		return nil, err
	}
	return p, p.read(config, base)
}

// read checks the options that are more than text.
func (p *Port) read(config port.Config, base *url.URL) (err error) {
	if p.currencies, err = p.options.Table("currencies"); err != nil {
		return err
	}
	if p.currencies[string(p.currency)] == "" {
		return port.BadOption("currencies", "does not name "+string(p.currency)+", the base currency")
	}
	if p.dimensions, err = p.options.Dimensions("dimensions"); err != nil {
		return err
	}
	for _, d := range p.dimensions {
		if !isName(d.Field) {
			return port.BadOption("dimensions", "has the field "+d.Field+"; they are named like FFLEX7")
		}
	}
	if field := p.options["reference_field"]; !isName(field) {
		return port.BadOption("reference_field", "is "+field+"; fields are named like F_XYZ_REF")
	}
	for _, quoted := range [][2]string{{"account_book", p.options["account_book"]}, {"rate_type", p.options["rate_type"]},
		{"currencies", p.currencies[string(p.currency)]}} {
		if !isCode(quoted[1]) {
			return port.BadOption(quoted[0], "may have letters, digits, dots and dashes only")
		}
	}
	if form := p.options["projects"]; form != "" && !isName(form) {
		return port.BadOption("projects", "is "+form+"; forms are named like BD_Project")
	}
	if handOver[p.options["hand_over"]] == "" {
		return port.BadOption("hand_over", "is "+p.options["hand_over"]+": write audit, submit or save")
	}
	if p.zone, err = time.LoadLocation(p.options["zone"]); err != nil {
		return port.BadOption("zone", "is no time zone: write one such as Asia/Shanghai")
	}
	p.client, err = newClient(config, p.options, base)
	return err
}

// Name says which connection this is.
func (p *Port) Name() string { return p.name }

// Capabilities says what K3Cloud can do.
func (p *Port) Capabilities() port.Capabilities {
	return port.Capabilities{Master: p.kinds(),
		ChecksBalance: true, ClosedPeriods: true, Reverse: true, ForeignCurrency: true, Delta: true,
		CostCenters: len(p.dimensions.Fields(port.OfCostCenter)) > 0, ReferenceMax: referenceMax,
		Fields: p.dimensions, ChecksDimensions: true, Told: p.dimensions.Names(),
		Creates: port.Mark{Method: "POST", Text: "DynamicFormService.Save"},
		Posts:   port.Mark{Method: "POST", Text: "DynamicFormService.Audit"}}
}

// Find returns every voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	heads, err := p.vouchers(ctx, p.options["reference_field"]+"='"+reference+"'", reference)
	if err != nil {
		return nil, err
	}
	found := make([]port.Found, 0, len(heads))
	for _, h := range heads {
		f, err := p.found(h)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// Create saves a draft (创建, document status A) that carries the reference.
//
// Errors: Invalid before anything is sent where an option is missing.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	if len(v.Reference) > referenceMax || !isReference(v.Reference) {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "the reference "+v.Reference))
	}
	model, lines, err := p.model(v)
	if err != nil {
		return port.Found{}, err
	}
	id, number, err := p.save(ctx, model)
	if err != nil {
		return port.Found{}, err
	}
	return port.Found{Reference: v.Reference, ID: id, Number: number, State: p.state("A"), Date: v.Date,
		Totals: port.Sum(lines), Lines: lines}, nil
}

// Post submits and audits a draft, or as far as hand_over says. Safe to repeat.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	var last head
	read := func(ctx context.Context) (port.Found, error) {
		h, err := p.byID(ctx, f.ID)
		if err != nil {
			return port.Found{}, err
		}
		last = h
		return p.found(h)
	}
	return port.PostDraft(ctx, read, func(ctx context.Context, _ port.Found) error {
		if last.status == "A" || last.status == "D" {
			if err := p.operate(ctx, "Submit", f.ID); err != nil {
				return err
			}
		}
		if p.options["hand_over"] != "audit" {
			return nil
		}
		return p.operate(ctx, "Audit", f.ID)
	})
}

// Discard deletes a draft; one that was submitted is called back first. K3Cloud
// refuses to delete an audited one.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	h, err := p.byID(ctx, f.ID)
	if err != nil {
		return err
	}
	if h.status == "C" {
		return port.Fault(port.CodeRefused, "voucher "+h.number+" is audited")
	}
	if h.status == "B" {
		if err := p.operate(ctx, "CancelAssign", f.ID); err != nil {
			return err
		}
	}
	return p.operate(ctx, "Delete", f.ID)
}

// state is the port's word for a document status: A created 创建, B in approval
// 审核中, C audited 已审核, D to be audited again 重新审核, Z kept aside 暂存.
func (p *Port) state(status string) port.State {
	if strings.Contains(handOver[p.options["hand_over"]], status) && status != "" {
		return port.Posted
	}
	return port.Draft
}

func isName(text string) bool { return text != "" && onlyLetters(text, "_") }
func isCode(text string) bool { return text != "" && onlyLetters(text, "_-.") }

// isReference keeps out whatever could end a FilterString's quotes.
func isReference(text string) bool { return text != "" && onlyLetters(text, ":_-") }

func onlyLetters(text, others string) bool {
	return !slices.ContainsFunc([]rune(text), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}
