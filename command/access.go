package command

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func accessCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "access", Short: "Rights: who may do what, and why"}
	cmd.AddCommand(accessExplainCommand(), accessReportCommand(), accessReviewCommand())
	return cmd
}

func accessExplainCommand() *cobra.Command {
	var q desk.WhyQuestion
	var object string
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say why somebody may do something, or why not",
		Example: `  countersign access explain --person lin --permission document:read --object EXP-2026-000123
  countersign access explain --person wang --permission effect:resolve --object acme-de`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				people, err := s.Snapshot(ctx, 0)
				if err != nil {
					return err
				}
				asked := q
				if _, entity := people.Entities[object]; entity {
					asked.Entity = object
				} else if department, ok := people.Departments[object]; ok {
					asked.Entity, asked.Department = department.Entity, object
				} else if asked.Document, err = documentMeant(ctx, s, object, people.People[q.Person].Entity); err != nil {
					return err
				}
				e, err := (&desk.Desk{Store: s}).Why(ctx, asked)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), desk.WhyText(e, asked, people, locale(cmd)))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&q.Person, "person", "", "who, by id")
	cmd.Flags().StringVar(&q.Permission, "permission", "", "what, such as document:read")
	cmd.Flags().StringVar(&object, "object", "", "a company or a department by id, or a document by number or id")
	_ = cmd.MarkFlagRequired("person")
	_ = cmd.MarkFlagRequired("permission")
	return cmd
}

// documentMeant is the id of a document that somebody names by its number or id.
func documentMeant(ctx context.Context, s *store.Store, name, home string) (string, error) {
	if name == "" || uuid.Validate(name) == nil {
		return name, nil
	}
	return s.DocumentNumbered(ctx, access.Scope{All: true}, name, home)
}
