package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// powerFlags are what a report is asked for with.
type powerFlags struct {
	over, currency, entity, asOf, from, to string
	csv                                    bool
}

func accessReportCommand() *cobra.Command {
	var in powerFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Say who could release more than an amount, since when and by whose word",
		Example: `  countersign access report --over 50000 --currency CNY
  countersign access report --over 50000 --currency CNY --entity acme-cn --from 2026-01-01T00:00:00Z --csv`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := in.question()
			if err != nil {
				return err
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				report, err := (&desk.Desk{Store: s}).PowersOf(ctx, q, func(string) bool { return true })
				if err != nil {
					return err
				}
				if in.csv {
					return desk.WritePowersCSV(cmd.OutOrStdout(), report)
				}
				return printPowers(cmd.OutOrStdout(), report)
			})
		},
	}
	cmd.Flags().StringVar(&in.over, "over", "", "the amount, such as 50000")
	cmd.Flags().StringVar(&in.currency, "currency", "", "its currency; policies in another one count with any amount")
	cmd.Flags().StringVar(&in.entity, "entity", "", "a legal entity by id; none: every one")
	cmd.Flags().StringVar(&in.asOf, "as-of", "", "as of this instant; none: now")
	cmd.Flags().StringVar(&in.from, "from", "", "from this instant, for a period")
	cmd.Flags().StringVar(&in.to, "to", "", "until this instant; none: now")
	cmd.Flags().BoolVar(&in.csv, "csv", false, "write a table")
	cmd.MarkFlagsMutuallyExclusive("as-of", "from")
	cmd.MarkFlagsMutuallyExclusive("as-of", "to")
	_ = cmd.MarkFlagRequired("over")
	_ = cmd.MarkFlagRequired("currency")
	return cmd
}

func (in powerFlags) question() (desk.PowerQuestion, error) {
	q := desk.PowerQuestion{Entity: in.entity}
	var err error
	if q.Above, err = money.Parse(in.over, money.Currency(in.currency)); err != nil {
		return q, err
	}
	for _, instant := range []struct {
		text string
		to   *time.Time
	}{{in.asOf, &q.Until}, {in.from, &q.From}, {in.to, &q.Until}} {
		if instant.text == "" {
			continue
		}
		if *instant.to, err = time.Parse(time.RFC3339, instant.text); err != nil {
			return q, err
		}
	}
	return q, nil
}

func printPowers(to io.Writer, report desk.Powers) error {
	table := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "WHAT\tWHO\tENTITY\tALONE\tCERTAIN\tBY\tSINCE\tUNTIL\tGIVEN BY")
	for _, p := range append(report.Rows, report.Anybody...) {
		by := p.Way
		if p.Policy != "" {
			by = fmt.Sprintf("%s %d %s %s", p.Policy, p.Version, p.Step, p.Way)
		}
		since := day(p.Since)
		if p.AtLeast {
			since = "<= " + since
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%t\t%t\t%s\t%s\t%s\t%s\n",
			p.What, p.Person, p.Entity, p.Alone, p.Sure, by, since, day(p.Until), p.Checker)
	}
	return table.Flush()
}

func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
