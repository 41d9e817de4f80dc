package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/i18n"
)

// nemesisPercent is how many requests of a nemesis are broken.
const nemesisPercent = 15

type conformanceFlags struct {
	connection, adapter string
	testSystem          bool
	codes               conformance.Fixture // those that were named
	base, foreign       string
	dimensions          map[string]string
	nemesis             int
}

func erpConformanceCommand() *cobra.Command {
	var f conformanceFlags
	cmd := &cobra.Command{
		Use:   "conformance",
		Short: "Ask a test ERP every promise that a connector must keep, and say which it keeps",
		Long: `conformance books, posts and reverses vouchers in an ERP, breaks the line to it on purpose, and counts in
its books that nothing was lost or booked twice. It prints promise by promise what is kept, what is broken,
and what this ERP cannot do. The exit status is 0 if nothing is broken.

It writes. Use it against a test company only, and say so: --this-is-a-test-system. Every reference begins with
` + conformance.Prefix + `. Afterwards drafts are deleted and posted vouchers reversed, as far as the ERP can.

Accounts, party and days that are not named are picked from the ERP's own master data. Requests go through a
proxy on this machine, which breaks them; the answer to one of them is waited for as long as the connection's
settle says.`,
		Example: "  countersign erp conformance --connection books-test --this-is-a-test-system --config config.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !f.testSystem {
				return errors.New(i18n.Shipped().Text(locale(cmd), "conformance.unconfirmed", nil))
			}
			p, err := load(cmd, "erp")
			if err != nil {
				return err
			}
			connection, err := f.choose(p.config)
			if err != nil {
				return err
			}
			return f.examine(cmd, connection)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.connection, "connection", "", "id of one of erp.connections")
	flags.StringVar(&f.adapter, "adapter", "", "the only one of erp.connections with this adapter")
	flags.BoolVar(&f.testSystem, "this-is-a-test-system", false, "confirm that vouchers may be written there")
	flags.StringVar(&f.codes.Expense, "expense", "", "account that wants no party")
	flags.StringVar(&f.codes.Payable, "payable", "", "account that wants a party")
	flags.StringVar(&f.codes.Bank, "bank", "", "another account that wants no party")
	flags.StringVar(&f.codes.Party, "party", "", "code of a party")
	flags.StringVar(&f.codes.Journal, "journal", "", "journal or voucher type (default: the connector's)")
	flags.StringVar(&f.codes.CostCenter, "cost-center", "", "code of a cost center")
	flags.StringVar(&f.codes.Date, "date", "", "a day in an open period, YYYY-MM-DD")
	flags.StringVar(&f.codes.ClosedDate, "closed-date", "", "a day in a closed period, YYYY-MM-DD")
	flags.StringVar(&f.base, "currency", "", "base currency of the company (default: the connection's)")
	flags.StringVar(&f.foreign, "foreign", "", "a second currency that the ERP knows")
	flags.StringToStringVar(&f.dimensions, "dimension", nil,
		"a value of a dimension that the expense account keeps, as the mapping names it: project=P-001")
	flags.IntVar(&f.nemesis, "nemesis", 0, "then book so many vouchers through a line that fails at random")
	return cmd
}

// choose finds the connection that was named.
func (f conformanceFlags) choose(c config.Config) (config.Connection, error) {
	var ids []string
	var chosen []config.Connection
	for _, connection := range c.ERP.Connections {
		ids = append(ids, connection.ID+" ("+connection.Adapter+")")
		if f.connection == connection.ID || f.connection == "" && f.adapter == connection.Adapter {
			chosen = append(chosen, connection)
		}
	}
	if len(chosen) != 1 {
		return config.Connection{}, fmt.Errorf("--connection: name one of erp.connections: %s", strings.Join(ids, ", "))
	}
	return chosen[0], nil
}

// examination is one run against one connection.
type examination struct {
	out     io.Writer
	text    func(key string, args ...string) string
	direct  erp.Port // past the proxy
	fixture conformance.Fixture

	mutex sync.Mutex
	used  []string // references that may have been booked under
}

func (e *examination) remember(reference string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.used = append(e.used, reference)
}

// examine asks all promises, cleans up, and says how it went.
func (f conformanceFlags) examine(cmd *cobra.Command, connection config.Connection) error {
	e, err := f.prepare(cmd, connection)
	if err != nil {
		return err
	}
	defer e.fixture.Proxy.Close()
	e.describe()
	broken := 0
	for _, promise := range conformance.Promises() {
		if cmd.Context().Err() != nil {
			break
		}
		e.fixture.Proxy.Set(nil)
		if !e.tell(conformance.Ask(promise, e.fixture)) {
			broken++
		}
	}
	if f.nemesis > 0 && cmd.Context().Err() == nil {
		if !e.tell(conformance.Ask(e.random(f.nemesis), e.fixture)) {
			broken++
		}
	}
	e.fixture.Proxy.Set(nil)
	e.cleanUp(context.WithoutCancel(cmd.Context()))
	if err := cmd.Context().Err(); err != nil {
		return fmt.Errorf("stopped: %w", err)
	}
	if broken > 0 {
		return errors.New(e.text("broken_total", "count", strconv.Itoa(broken)))
	}
	fmt.Fprintln(e.out, e.text("all_kept"))
	return nil
}

// prepare opens the connection twice, straight and through a proxy, and picks
// what was not named.
func (f conformanceFlags) prepare(cmd *cobra.Command, connection config.Connection) (*examination, error) {
	language := locale(cmd)
	e := &examination{out: cmd.OutOrStdout(), text: func(key string, args ...string) string {
		named := map[string]string{}
		for i := 0; i+1 < len(args); i += 2 {
			named[args[i]] = args[i+1]
		}
		return i18n.Shipped().Text(language, "conformance."+key, named)
	}}
	var err error
	if e.direct, err = openERP(connection, nil, nil); err != nil {
		return nil, err
	}
	fixture, err := f.pick(cmd.Context(), e.direct, money.Currency(connection.Currency), time.Now(), e.remember)
	if err != nil {
		return nil, err
	}
	proxy, proxied, err := e.proxied(connection)
	if err != nil {
		return nil, err
	}
	fixture.NoLine = proxied.URL == connection.URL
	if fixture.Port, err = openERP(proxied, nil, nil); err != nil {
		proxy.Close()
		return nil, err
	}
	fixture.Reopen = func() (erp.Port, error) { return openERP(proxied, nil, nil) }
	marks := fixture.Port.Capabilities()
	fixture.Proxy, fixture.Settle, fixture.Text = proxy, connection.Settle, e.text("voucher_text")
	fixture.Creates, fixture.Posts = matchOf(marks.Creates), matchOf(marks.Posts)
	fixture.Counted, fixture.Remember, fixture.Dimensions = e.counted, e.remember, f.dimensions
	e.fixture = fixture
	return e, nil
}

// proxied leads the line of a connection through a proxy, where it is one of HTTP: that to the
// gateway, where an ERP has one beside its address. A gateway which is looked up would lead past it.
func (e *examination) proxied(connection config.Connection) (*conformance.Proxy, config.Connection, error) {
	gateway, known := connection.Options[gatewayOption]
	if connection.Adapter == "yonbip" && !known {
		return nil, connection, errors.New(e.text("gateway", "id", connection.ID))
	}
	line, err := lineTo(connection)
	if err != nil {
		return nil, connection, err
	}
	proxy, err := conformance.NewProxy(cmp.Or(gateway, connection.URL), line)
	if err != nil || !strings.HasPrefix(connection.URL, "http") {
		return proxy, connection, err
	}
	led := connection
	led.URL = proxy.URL
	if known { // tokens are asked for where they always are
		led.Options = maps.Clone(connection.Options)
		led.Options[gatewayOption] = proxy.URL
		return proxy, led, nil
	}
	led.TLS = config.TLS{} // the proxy speaks to the ERP, on this machine there is none
	return proxy, led, nil
}

// gatewayOption names where an ERP is spoken to, if not at the address of its connection.
const gatewayOption = "gateway_url"

func matchOf(m erp.Mark) conformance.Match {
	if m.Text == "" {
		return nil
	}
	return conformance.Marked(m)
}

// counted asks the ERP past the proxy, which is as far past the connector as we get.
func (e *examination) counted(ctx context.Context, reference string) (drafts, posted int, err error) {
	found, err := e.direct.Find(ctx, reference)
	for _, f := range found {
		switch f.State {
		case erp.Draft:
			drafts++
		case erp.Posted:
			posted++
		}
	}
	return drafts, posted, err
}

// random is a promise of many vouchers over a line that fails by chance.
func (e *examination) random(vouchers int) conformance.Promise {
	return conformance.Promise{ID: "nemesis", Absent: func(conformance.Fixture) string { return "" },
		Keep: func(t conformance.T, f conformance.Fixture) {
			e.weathered(conformance.Nemesis(t, f, vouchers, nemesisPercent, uint64(time.Now().UnixNano())))
		}}
}

// weathered tells what a line that fails by chance did.
func (e *examination) weathered(w conformance.Weathered) {
	var faults []string
	for _, one := range append(conformance.Faults(), conformance.WorkerKilled) {
		if n := w.Faults[one]; n > 0 {
			faults = append(faults, e.text("fault."+string(one), "count", strconv.Itoa(n)))
		}
	}
	fmt.Fprintln(e.out, "  ", e.text("weathered", "vouchers", strconv.Itoa(w.Vouchers),
		"attempts", strconv.Itoa(w.Attempts), "faults", strings.Join(faults, e.text("fault.comma"))))
}

// describe says what is examined, with what, and what the ERP says it can do.
func (e *examination) describe() {
	f := e.fixture
	fmt.Fprintln(e.out, e.text("title", "name", f.Port.Name()))
	fmt.Fprintln(e.out, e.text("codes", "expense", f.Expense, "payable", f.Payable, "bank", f.Bank, "party", f.Party))
	fmt.Fprintln(e.out, e.text("days", "date", f.Date, "closed", orDash(f.ClosedDate), "base", string(f.Base),
		"foreign", orDash(string(f.Foreign))))
	fmt.Fprintln(e.out, e.text("references", "prefix", conformance.Prefix, "settle", f.Settle.String()))
	fmt.Fprintln(e.out)
	c := f.Port.Capabilities()
	_, list := f.Port.(erp.Lister)
	_, discard := f.Port.(erp.Discarder)
	for _, can := range []struct {
		key string
		yes bool
	}{{"unique", c.UniqueReference}, {"drafts", !c.PostsAtOnce}, {"balance", c.ChecksBalance},
		{"periods", c.ClosedPeriods}, {"reverse", c.Reverse}, {"foreign", c.ForeignCurrency}, {"centers", c.CostCenters},
		{"dimensions", len(c.Keeps().Names()) > 0}, {"delta", c.Delta}, {"list", list}, {"discard", discard}} {
		sign := "–"
		if can.yes {
			sign = "+"
		}
		fmt.Fprintln(e.out, sign, e.text("can."+can.key, "names", orDash(strings.Join(c.Keeps().Names(), ", "))))
	}
	fmt.Fprintln(e.out)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// tell prints one verdict, and says whether nothing is broken by it.
func (e *examination) tell(v conformance.Verdict) bool {
	title := e.text("promise." + v.Promise.ID)
	switch {
	case v.Absent != "":
		fmt.Fprintln(e.out, "–", e.text("absent", "promise", title, "reason", e.text("absent."+v.Absent)))
	case v.Broken != "":
		fmt.Fprintln(e.out, "✗", e.text("broken", "promise", title))
		fmt.Fprintln(e.out, "   ", strings.ReplaceAll(v.Broken, "\n", "\n    "))
		return false
	default:
		fmt.Fprintln(e.out, "✓", title)
	}
	return true
}

// cleanUp deletes the drafts it left and reverses what it posted.
func (e *examination) cleanUp(ctx context.Context) {
	var deleted, reversed int
	var left []string
	slices.Sort(e.used)
	for _, reference := range slices.Compact(e.used) {
		found, err := e.direct.Find(ctx, reference)
		if err != nil {
			left = append(left, reference)
		}
		posted := 0
		for _, f := range found {
			done := false
			switch f.State {
			case erp.Draft:
				if discarder, ok := e.direct.(erp.Discarder); ok && discarder.Discard(ctx, f) == nil {
					deleted, done = deleted+1, true
				}
			case erp.Posted:
				posted++ // two under one reference have one reversal: the second is left to a person
				_, err := e.direct.Reverse(ctx, f, voucher.ReversalOf(reference), e.fixture.Date)
				if done = err == nil && posted == 1; done {
					reversed++
				}
			default:
				done = true
			}
			if !done {
				left = append(left, f.ID)
			}
		}
	}
	fmt.Fprintln(e.out)
	fmt.Fprintln(e.out, e.text("cleaned", "deleted", strconv.Itoa(deleted), "reversed", strconv.Itoa(reversed)))
	if len(left) > 0 {
		fmt.Fprintln(e.out, e.text("left", "count", strconv.Itoa(len(left)), "ids", strings.Join(left, ", ")))
	}
}
