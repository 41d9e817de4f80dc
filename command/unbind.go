package command

import (
	"context"
	"errors"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/store"
)

// operatorPrefix marks who did something with a command, by their account there.
const operatorPrefix = "operator:"

func unbindCommand() *cobra.Command {
	var person, issuer, reason string
	cmd := &cobra.Command{
		Use:   "unbind",
		Short: "Let go whose sign-in an account at an identity provider is, and end its sessions",
		Long: "The next sign-in binds anew, by what the provider is trusted with (docs/identity.md). " +
			"Without --issuer it only lists the accounts of a person.",
		Example: `  countersign ops unbind --person li
  countersign ops unbind --person li --issuer https://login.example.com --reason "new account after a marriage"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				if issuer == "" {
					return listIdentities(ctx, cmd, s, person)
				}
				if reason == "" {
					return errors.New("--reason says why, for the record")
				}
				by := operatorPrefix + "unknown"
				if me, err := user.Current(); err == nil {
					by = operatorPrefix + me.Username
				}
				return s.UnbindIdentity(ctx, person, issuer, by, reason)
			})
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "whose, by id")
	cmd.Flags().StringVar(&issuer, "issuer", "", "of which provider; needs --reason")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	_ = cmd.MarkFlagRequired("person")
	return cmd
}

func listIdentities(ctx context.Context, cmd *cobra.Command, s *store.Store, person string) error {
	list, err := s.Identities(ctx, person)
	if err != nil {
		return err
	}
	for _, b := range list {
		until := ""
		if !b.UnboundAt.IsZero() {
			until = "  until " + b.UnboundAt.Format("2006-01-02 15:04:05Z") + " by " + b.By + ": " + b.Reason
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s  since %s%s\n", b.Issuer, b.Subject, b.How,
			b.BoundAt.Format("2006-01-02 15:04:05Z"), until)
	}
	return nil
}
