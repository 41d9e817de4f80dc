// Package filedrop hands vouchers over as files in a folder, a directory of an SFTP server or
// a bucket, for books that can only import: CSV or XLSX by a template of columns, or a journal
// that hledger or beancount reads. A voucher is one file, named by its reference.
//
//	Create ─▶ .countersign/<short>.<random>   the file, staged
//	      └─▶ .countersign/<short>.json       its record, created exclusively
//	Post ───▶ rename of the staged file into the folder: once, whoever takes it away
//
// The record is never deleted, so a voucher is known after the importer has moved
// or deleted its file. Everything is fsynced before it counts. The folder and what
// is staged must lie on one file system, which several machines may share if it
// keeps links and renames atomic, as NFS does. For the other two see renamed and put.
package filedrop

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

var options = []port.Option{
	{Name: "folder"},                     // that the importer reads; "" where url names a place elsewhere
	{Name: "region"},                     // s3
	{Name: "taken"},                      // s3: where the importer moves what it has taken, below the prefix
	{Name: "host_key"},                   // sftp: the server's, as in authorized_keys
	{Name: "private_key"},                // sftp: a file with ours in PEM, where it is no password
	{Name: "format", Default: formatCSV}, // csv, xlsx, hledger or beancount
	{Name: "template"},                   // xlsx: a workbook to fill, whose titles are those of columns
	{Name: "sheet"},                      // xlsx: of the template; "" = its first
	{Name: "header_row"},                 // xlsx: of the template; "" = 1
	{Name: "columns", Default: defaultColumns},
	{Name: "accounts"}, // our code → theirs, such as 1002=Assets:Bank; others go as they are
	{Name: "master"},   // folder with accounts.csv, parties.csv, cost_centers.csv; "" = nothing is known
}

// Port is one folder.
type Port struct {
	config   port.Config
	currency money.Currency
	options  port.Options
	desk     desk
	columns  []column
	template template
	accounts map[string]string
}

// Open makes the port of one folder, which must be there, or of a place elsewhere, which is not
// asked yet.
//
// Errors: Invalid erp.bad_config, naming the key and the mend.
func Open(config port.Config) (port.Port, error) {
	p := &Port{config: config, currency: config.Currency}
	if p.currency == "" {
		return nil, port.Fault(port.CodeBadConfig, "write the currency of the books", fault.Arg("what", "currency"))
	}
	var err error
	if p.options, err = config.Read(options); err != nil {
		return nil, err
	}
	if p.desk, err = openDesk(config, p.options); err != nil {
		return nil, err
	}
	if extensions[p.options["format"]] == "" {
		return nil, port.BadOption("format", "is "+p.options["format"]+": write csv, xlsx, hledger or beancount")
	}
	if p.columns, err = readColumns(p.options["columns"]); err != nil {
		return nil, err
	}
	if p.template, err = readTemplate(p.options, p.columns); err != nil {
		return nil, err
	}
	p.accounts, err = p.options.Table("accounts")
	return p, err
}

// Name says which connection this is.
func (p *Port) Name() string { return p.config.Name }

// Capabilities says what a folder can do.
func (p *Port) Capabilities() port.Capabilities {
	kept := p.dimensions()
	return port.Capabilities{Master: []master.Kind{master.Account, master.Party, master.CostCenter, master.Currency},
		UniqueReference: true, ChecksBalance: true, Reverse: true, ForeignCurrency: true,
		CostCenters: true, Dimensions: kept, Told: kept}
}

// Find returns the voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) (found []port.Found, err error) {
	err = p.config.Witnessed(ctx, "READ", voucher.Short(reference)+".json", nil, func() error {
		found, err = p.find(ctx, reference)
		return err
	})
	return found, err
}

func (p *Port) find(ctx context.Context, reference string) ([]port.Found, error) {
	r, err := p.desk.record(ctx, voucher.Short(reference))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if r.Voucher.Reference != reference {
		return nil, port.Fault(port.CodeConflict, "its name is taken by "+r.Voucher.Reference, fault.Arg("reference",
			reference))
	}
	f, err := p.found(ctx, r)
	if err != nil {
		return nil, err
	}
	return []port.Found{f}, nil
}

// Create stages the voucher's file and records it, which only one caller can.
//
// Errors: Invalid before anything is written for what no importer should see.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	if err := p.check(v); err != nil {
		return port.Found{}, err
	}
	text, err := p.render(v)
	if err != nil {
		return port.Found{}, err
	}
	r := newRecord(v)
	err = p.config.Witnessed(ctx, "WRITE", p.fileName(v), text, func() error {
		err := p.desk.stage(ctx, r, text)
		if errors.Is(err, os.ErrExist) {
			return port.Fault(port.CodeUnavailable, "it is there already: look again")
		}
		if err != nil {
			return unavailable(err) // without its record a staged file is nothing
		}
		return nil
	})
	if err != nil {
		return port.Found{}, err
	}
	return p.told(r, port.Draft), nil
}

// Post drops the staged file into the folder. Safe to repeat, and to do at the same
// time: a rename happens once.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	r, err := p.desk.record(ctx, f.ID)
	if err != nil {
		return port.Found{}, unavailable(err)
	}
	name := p.fileName(r.Voucher)
	text, err := p.render(r.Voucher)
	if err != nil {
		return port.Found{}, err
	}
	err = p.config.Witnessed(ctx, "RENAME", name, nil, func() error { return p.desk.drop(ctx, r, name, text) })
	if err != nil {
		return port.Found{}, err
	}
	now, err := p.found(ctx, r)
	if err == nil && now.State != port.Posted {
		err = port.Fault(port.CodeRefused, "it was withdrawn")
	}
	return now, err
}

// Discard withdraws a voucher that was not dropped yet: of it and Post one wins. Safe to repeat.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	r, err := p.desk.record(ctx, f.ID)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	return p.desk.withdraw(ctx, r)
}

// Reverse drops the voucher once more with its sides swapped, under a reference of
// its own. It looks for that reference first.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	if len(before) == 1 && before[0].State != port.Posted && before[0].Date != date {
		if err := p.Discard(ctx, before[0]); err != nil {
			return port.Found{}, err
		}
		before = nil
	}
	if len(before) == 1 {
		return p.Post(ctx, before[0])
	}
	r, err := p.desk.record(ctx, f.ID)
	if err != nil {
		return port.Found{}, unavailable(err)
	}
	v := r.Voucher
	v.Reference, v.Date, v.Kind, v.Text = reference, date, voucher.Reversal, strings.TrimSpace("冲销 "+v.Text)
	v.Entries = append([]voucher.Entry{}, v.Entries...)
	for i := range v.Entries {
		if v.Entries[i].Side == voucher.Debit {
			v.Entries[i].Side = voucher.Credit
		} else {
			v.Entries[i].Side = voucher.Debit
		}
	}
	made, err := p.Create(ctx, v)
	if err != nil {
		return port.Found{}, err
	}
	return p.Post(ctx, made)
}

// check refuses what must never reach an importer.
func (p *Port) check(v voucher.Voucher) error {
	if err := p.known(v); err != nil {
		return err
	}
	var balance int64
	for _, e := range v.Entries {
		base := port.Base(e)
		if base.Currency != p.currency {
			return port.Fault(port.CodeRefused, "the books are kept in "+string(p.currency)+", not "+string(base.Currency))
		}
		if e.Side == voucher.Debit {
			balance += base.Minor
		} else {
			balance -= base.Minor
		}
	}
	if balance != 0 || len(v.Entries) < 2 {
		return port.Fault(port.CodeUnbalanced, money.Amount{Minor: balance, Currency: p.currency}.Text())
	}
	return nil
}

// found is a record in the port's terms.
func (p *Port) found(ctx context.Context, r record) (port.Found, error) {
	dropped, err := p.desk.dropped(ctx, r, p.fileName(r.Voucher))
	if err != nil {
		return port.Found{}, err
	}
	if dropped {
		return p.told(r, port.Posted), nil
	}
	return p.told(r, port.Draft), nil
}

func (p *Port) told(r record, state port.State) port.Found {
	f := port.Found{Reference: r.Voucher.Reference, ID: voucher.Short(r.Voucher.Reference), State: state,
		Number: p.fileName(r.Voucher), Date: r.Voucher.Date}
	can := p.Capabilities()
	for _, e := range r.Voucher.Entries {
		line := port.LineOf(e)
		line.Dimensions = can.Splits(e)
		f.Lines = append(f.Lines, line)
	}
	f.Totals = port.Sum(f.Lines)
	return f
}

// fileName is what the importer sees: in the order of days, and never the same twice.
func (p *Port) fileName(v voucher.Voucher) string {
	return v.Date + "-" + voucher.Short(v.Reference) + extensions[p.options["format"]]
}
