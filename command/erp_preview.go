package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/countersign/countersign/gateway/i18n"
)

// previewed is what the API says of a voucher that would be made.
type previewed struct {
	Number, Kind, Mapping, Date, Journal, Text, Problem string

	Version int
	Rate    *struct{ Currency, Base, Value, Source, Date string }
	Entries []struct {
		Side, Account, Text, Party, Tax string
		CostCenter                      string `json:"cost_center"`
		Amount, Base                    struct{ Amount, Currency string }
		Dimensions                      map[string]string
		Why                             struct {
			Rule, Category, Entity, Expression string
			Line                               int
		}
	}
}

// previewFlags are what the command was asked for.
type previewFlags struct {
	number, file, mapping, kind string
	json                        bool
}

func erpPreviewCommand() *cobra.Command {
	var f previewFlags
	cmd := &cobra.Command{
		Use:   "preview (--document NUMBER | --file DOCUMENT)",
		Short: "Print the voucher of a document, entry by entry, each with its rule",
		Long: "Print the voucher that a document would be booked with today, entry by entry, each with the\n" +
			"rule of the mapping that it came from. Nothing is kept, and the books are told nothing. Ends with 1\n" +
			"where no voucher can be made.",
		Example: "  countersign erp preview --document EXP-2026-000123 --as liu\n" +
			"  countersign erp preview --file trip.yaml --mapping draft.yaml --kind settlement --json",
		Args: cobra.NoArgs,
	}
	cmd.Flags().StringVar(&f.number, "document", "", "number or id of a document")
	cmd.Flags().StringVar(&f.file, "file", "", "a document as the API takes a draft, in YAML or JSON")
	cmd.Flags().StringVar(&f.mapping, "mapping", "", "file of a mapping (default: the one in force)")
	cmd.Flags().StringVar(&f.kind, "kind", "accrual", "accrual or settlement")
	cmd.Flags().BoolVar(&f.json, "json", false, "print what the API answers")
	cmd.MarkFlagsOneRequired("document", "file")
	cmd.MarkFlagsMutuallyExclusive("document", "file")
	return talking(cmd, func(t *talk, _ []string) error { return f.run(t) })
}

func (f previewFlags) run(t *talk) error {
	body, err := f.body(t)
	if err != nil {
		return err
	}
	var answer json.RawMessage
	if err := t.post("/vouchers/preview", body, &answer); err != nil {
		return err
	}
	var p previewed
	if err := json.Unmarshal(answer, &p); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if f.json {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, answer, "", "  "); err != nil {
			return fmt.Errorf("reading the answer: %w", err)
		}
		fmt.Fprintln(t.out, pretty.String())
	} else {
		f.print(t, p)
	}
	if p.Problem != "" && len(p.Entries) > 0 {
		return errors.New(t.text("cli.preview.lost", "words", p.Problem))
	}
	if p.Problem != "" {
		return errors.New(t.text("cli.preview.refused", "words", p.Problem))
	}
	return nil
}

// body is what is asked of the API.
func (f previewFlags) body(t *talk) (map[string]any, error) {
	body := map[string]any{"kind": f.kind}
	if f.mapping != "" {
		text, err := os.ReadFile(f.mapping)
		if err != nil {
			return nil, fmt.Errorf("--mapping: %w", err)
		}
		body["mapping"] = string(text)
	}
	if f.number != "" {
		id, err := idOfNumber(t, f.number)
		body["document"] = id
		return body, err
	}
	text, err := os.ReadFile(f.file)
	if err != nil {
		return nil, fmt.Errorf("--file: %w", err)
	}
	content, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("--file %s: %w", f.file, err)
	}
	body["content"] = json.RawMessage(content)
	return body, nil
}

// idOfNumber finds a document by its number; what is no number is an id.
func idOfNumber(t *talk, number string) (string, error) {
	var found struct {
		Items []struct{ ID, Number string }
	}
	if err := t.get("/documents?limit=50&q="+url.QueryEscape(number), &found); err != nil {
		return "", err
	}
	for _, d := range found.Items {
		if strings.EqualFold(d.Number, number) {
			return d.ID, nil
		}
	}
	return number, nil
}

func (f previewFlags) print(t *talk, p previewed) {
	if len(p.Entries) == 0 {
		return
	}
	t.say("cli.preview.head", "kind", t.text("page.preview.kind."+p.Kind), "number", p.Number,
		"date", p.Date, "journal", p.Journal)
	if f.mapping != "" {
		t.say("cli.preview.draft", "file", f.mapping)
	} else {
		t.say("cli.preview.mapping", "mapping", p.Mapping, "version", strconv.Itoa(p.Version))
	}
	if r := p.Rate; r != nil {
		fmt.Fprintln(t.out, t.text("page.preview.rate")+": "+t.text("page.preview.rate_is",
			"currency", r.Currency, "value", r.Value, "base", r.Base, "source", r.Source, "date", r.Date))
	}
	rows := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, e := range p.Entries {
		base := ""
		if e.Base.Currency != e.Amount.Currency {
			base = e.Base.Amount + " " + e.Base.Currency
		}
		why := t.text("page.why."+e.Why.Rule, "n", strconv.Itoa(e.Why.Line), "category", e.Why.Category)
		if e.Why.Entity != "" {
			why += " · " + t.text("page.why.of_entity", "entity", e.Why.Entity)
		}
		if e.Why.Expression != "" {
			why += " · " + t.text("page.why.expression", "expression", e.Why.Expression)
		}
		fmt.Fprintf(rows, "%s\t%s\t%s %s\t%s\t%s\t%s\t%s\n", t.text("cli.preview."+e.Side), e.Account,
			e.Amount.Amount, e.Amount.Currency, base, splitWords(t, e.Party, e.CostCenter, e.Tax, e.Dimensions), why, e.Text)
	}
	_ = rows.Flush()
}

// splitWords are what an entry carries beside its account.
func splitWords(t *talk, party, costCenter, tax string, dimensions map[string]string) string {
	var words []string
	for _, code := range []string{party, costCenter, tax} {
		if code != "" {
			words = append(words, code)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dimensions)) {
		shown := name
		if key := "dimension." + name; i18n.Shipped().Has(i18n.English, key) {
			shown = t.text(key)
		}
		words = append(words, shown+" "+dimensions[name])
	}
	return strings.Join(words, ", ")
}
