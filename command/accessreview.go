package command

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// everyReview is what an operator may see: all of it.
var everyReview = access.Scope{All: true}

func accessReviewCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "Reviews of rights: who said that a right is still needed, and when"}
	cmd.AddCommand(openReviewCommand(), listReviewsCommand(), showReviewCommand())
	return cmd
}

func openReviewCommand() *cobra.Command {
	var in desk.AskedReview
	cmd := &cobra.Command{
		Use:   "open",
		Short: "Ask of every right in a scope whether it is still needed",
		Example: `  countersign access review open --title "Q4 2026" --due "15 workday"
  countersign access review open --title Cashiers --role cashier --entity acme-cn --undecided revoke`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				id, err := (&desk.Desk{Store: s}).OpenReviewAs(ctx, "system:operator", in, store.Idempotency{})
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), id)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&in.Title, "title", "", "what it is called")
	cmd.Flags().StringSliceVar(&in.Roles, "role", nil, "roles; none: every one")
	cmd.Flags().StringSliceVar(&in.Entities, "entity", nil, "legal entities by id; none: every one, and the group")
	cmd.Flags().StringVar(&in.Reviewer, "reviewer", "", "who answers: manager (the default) or administrator")
	cmd.Flags().StringVar(&in.Undecided, "undecided", "", "what nobody answered for: list (the default) or revoke")
	cmd.Flags().StringVar(&in.Due, "due", "",
		"working time such as \"15 workday\" (the default), or the last day as YYYY-MM-DD")
	cmd.Flags().StringVar(&in.Grace, "grace", "", "working time after that (3 workday); 0s for none")
	_ = cmd.MarkFlagRequired("title")
	return cmd
}

func listReviewsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the reviews of rights, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				all, err := s.Certifications(ctx, everyReview, "")
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
				fmt.Fprintln(table, "ID\tTITLE\tOPENED\tBY\tDUE\tCLOSED\tITEMS\tOPEN\tKEPT\tREVOKED\tSHORTENED\tUNDECIDED\tENDED")
				for _, c := range all {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", c.ID, c.Title, day(c.Opened),
						c.OpenedBy,
						day(c.Due), day(c.Closed), c.Items, c.Counts["open"], c.Counts["keep"], c.Counts["revoke"], c.Counts["shorten"],
						c.Counts["undecided"], c.Counts["ended"])
				}
				return table.Flush()
			})
		},
	}
}

func showReviewCommand() *cobra.Command {
	var asCSV bool
	cmd := &cobra.Command{
		Use:     "show <id>",
		Short:   "Show what became of each right of a review",
		Example: `  countersign access review show 01900000-0000-7000-8000-000000000000 --csv`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				r, err := (&desk.Desk{Store: s}).RightsReviewOf(ctx, args[0], everyReview, "")
				if err != nil {
					return err
				}
				if asCSV {
					return desk.WriteReviewCSV(cmd.OutOrStdout(), r)
				}
				return printReview(cmd.OutOrStdout(), r)
			})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "write a table")
	return cmd
}

func printReview(to io.Writer, r desk.RightsReview) error {
	table := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "NO\tWHO\tRIGHT\tREVIEWER\tRESULT\tBY\tAT\tREVOCATION\tREASON")
	for _, i := range r.Rows {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.No, i.Person, i.Role+"@"+i.Entity+" "+i.Department,
			i.Asks(),
			i.State, i.By, day(i.At), i.Decided, i.Reason)
	}
	return table.Flush()
}
