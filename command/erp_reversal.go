package command

import (
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// reversed is the reversal of a voucher, as the API tells it.
type reversed struct {
	Voucher, Reference, Status, Proposal, Maker, Checker, Reason, Date, Code, Detail, Entity string

	Number     string `json:"document_number"`
	BookNo     string `json:"erp_number"`
	Attempt    int
	Unanswered bool
	Entries    []struct {
		Side, Account, Text string
		Amount              *struct{ Amount, Currency string }
	}
	May []string
}

func erpReversalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reversal",
		Short: "Have a voucher in the books undone: ask, have another person approve, rule on what is parked",
		Long: `A voucher that is posted is undone by its opposite: one of finance asks, another approves what they saw, and it
is booked once. VOUCHER is our reference, such as v:0198…:accrual:1. Each command acts as whose token it is given.`,
	}
	cmd.AddCommand(listReversalsCommand(), showReversalCommand(), askReversalCommand(),
		decideReversalCommand("approve", true), decideReversalCommand("refuse", false), ruleReversalCommand())
	return cmd
}

func reversalPath(voucher string) string { return "/vouchers/" + url.PathEscape(voucher) + "/reversal" }

func listReversalsCommand() *cobra.Command {
	var status []string
	cmd := &cobra.Command{Use: "list", Short: "List the reversals, what changed last first", Args: cobra.NoArgs,
		Example: "  countersign erp reversal list --status requested --status parked"}
	cmd.Flags().StringSliceVar(&status, "status", nil, "requested, approved, parked, posted, refused or given_up")
	return talking(cmd, func(t *talk, _ []string) error {
		query := url.Values{"limit": {"100"}, "status": status}
		var page struct {
			Items []reversed
			Next  string
		}
		if err := t.get("/reversals?"+query.Encode(), &page); err != nil {
			return err
		}
		table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
		for _, r := range page.Items {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Number, r.Voucher, t.reversalStatus(r), r.Date, r.Maker,
				r.Checker, r.BookNo)
		}
		if page.Next != "" {
			fmt.Fprintln(table, "…")
		}
		return table.Flush()
	})
}

func showReversalCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "show VOUCHER", Short: "Show how far a reversal has come, and what it books or would book",
		Example: "  countersign erp reversal show v:0198…:accrual:1", Args: cobra.ExactArgs(1)}
	return talking(cmd, func(t *talk, args []string) error {
		var r reversed
		err := t.get(reversalPath(args[0]), &r)
		if err == nil {
			t.tellReversal(r)
		}
		return err
	})
}

func askReversalCommand() *cobra.Command {
	var date, reason string
	cmd := &cobra.Command{Use: "ask VOUCHER", Short: "Ask for a voucher to be reversed", Args: cobra.ExactArgs(1),
		Example: `  countersign erp reversal ask v:0198…:accrual:1 --date 2026-11-30 --reason "wrong account"`}
	cmd.Flags().StringVar(&date, "date", "", "posting date, YYYY-MM-DD")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the one who approves")
	_ = cmd.MarkFlagRequired("date")
	_ = cmd.MarkFlagRequired("reason")
	return talking(cmd, func(t *talk, args []string) error {
		return t.reversal(reversalPath(args[0]), map[string]any{"date": date, "reason": reason})
	})
}

func decideReversalCommand(word string, approve bool) *cobra.Command {
	var asked, reason string
	cmd := &cobra.Command{Use: word + " VOUCHER", Short: "As the second person, " + word + " what somebody asked for",
		Example: "  countersign erp reversal " + word + " v:0198…:accrual:1 --proposal 0198…", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&asked, "proposal", "", "what was seen: \"show\" prints it")
	cmd.Flags().StringVar(&reason, "reason", "", "why; required to refuse")
	_ = cmd.MarkFlagRequired("proposal")
	return talking(cmd, func(t *talk, args []string) error {
		return t.reversal(reversalPath(args[0])+"/decision",
			map[string]any{"proposal": asked, "approve": approve, "reason": reason})
	})
}

func ruleReversalCommand() *cobra.Command {
	var date, opinion string
	var attempt int
	cmd := &cobra.Command{
		Use:       "rule VOUCHER retry|redate|give_up",
		Short:     "Rule on a reversal that the books refused or did not answer",
		Example:   "  countersign erp reversal rule v:0198…:accrual:1 redate --date 2026-12-01 --attempt 0",
		Args:      cobra.ExactArgs(2),
		ValidArgs: []string{"retry", "redate", "give_up"},
	}
	cmd.Flags().IntVar(&attempt, "attempt", 0, "the attempt that was seen parked: \"show\" prints it")
	cmd.Flags().StringVar(&date, "date", "", "another posting date, for redate")
	cmd.Flags().StringVar(&opinion, "reason", "", "why; required to give up")
	_ = cmd.MarkFlagRequired("attempt")
	return talking(cmd, func(t *talk, args []string) error {
		return t.reversal(reversalPath(args[0])+"/ruling",
			map[string]any{"ruling": args[1], "attempt": attempt, "date": date, "opinion": opinion})
	})
}

// reversal does something about a reversal, and says where it stands then.
func (t *talk) reversal(path string, body map[string]any) error {
	var r reversed
	if err := t.post(path, body, &r); err != nil {
		return err
	}
	t.tellReversal(r)
	return nil
}

func (t *talk) reversalStatus(r reversed) string {
	if r.Status == "none" {
		return t.text("fault.reversal.not_found")
	}
	return t.text("page.reversal.status." + r.Status)
}

func (t *talk) tellReversal(r reversed) {
	table := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(table, "%s\t%s\n", t.text(key), value)
		}
	}
	line("page.reversals.voucher", r.Voucher+"  "+r.Number)
	line("page.reversal.box", t.reversalStatus(r)+"  "+r.Reference)
	line("page.reversal.date", r.Date)
	line("page.reversals.maker", r.Maker)
	line("page.reversals.checker", r.Checker)
	line("page.reversal.reason", r.Reason)
	line("page.reversal.number", r.BookNo)
	line("page.reversal.parked", strings.TrimSpace(r.Code+"  "+r.Detail))
	_ = table.Flush()
	if r.Unanswered {
		t.say("page.reversal.unanswered")
	}
	for _, e := range r.Entries {
		amount := ""
		if e.Amount != nil {
			amount = e.Amount.Amount + " " + e.Amount.Currency
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", t.text("page.voucher."+e.Side), e.Account, amount, e.Text)
	}
	_ = table.Flush()
	for _, may := range r.May {
		switch may {
		case "ask":
			fmt.Fprintf(t.out, "countersign erp reversal ask %s --date %s --reason …\n", r.Voucher, r.Date)
		case "decide":
			fmt.Fprintf(t.out, "countersign erp reversal approve %s --proposal %s\n", r.Voucher, r.Proposal)
		case "rule":
			fmt.Fprintf(t.out, "countersign erp reversal rule %s retry --attempt %d\n", r.Voucher, r.Attempt)
		}
	}
}
