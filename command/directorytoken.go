package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// directoryTokenDays is how long a directory's token lives where nothing is said.
const directoryTokenDays = 180

func directoryTokenCommand() *cobra.Command {
	var person, name string
	var days int
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Make the token by which a directory signs in at /scim/v2, and print it once",
		Example: `  countersign org directory token --person admin --name entra`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			life := time.Duration(days) * 24 * time.Hour
			if name == "" || life <= 0 || life > desk.TokenLifeMax {
				return fmt.Errorf("--name says which directory it is, --days from 1 to %d", int(desk.TokenLifeMax.Hours()/24))
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				token, err := directoryToken(ctx, s, person, name, life)
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), token)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "the administrator who answers for it, by id; it ends when they leave")
	cmd.Flags().StringVar(&name, "name", "", "what the record calls it: scim:<name>")
	cmd.Flags().IntVar(&days, "days", directoryTokenDays, "how long it lives")
	_ = cmd.MarkFlagRequired("person")
	return cmd
}

func directoryToken(ctx context.Context, s *store.Store, person, name string, life time.Duration) (string, error) {
	people, err := s.Snapshot(ctx, 0)
	if err != nil {
		return "", err
	}
	if !people.Active(person) {
		return "", fault.New(fault.NotFound, "person.not_found")
	}
	if ok, _ := access.Can(access.SubjectOf(people, person), access.ScimProvision, access.Object{}); !ok {
		return "", errors.New("--person takes somebody who is administrator of every legal entity")
	}
	token, hash := auth.NewToken()
	_, err = s.CreateToken(ctx, store.Token{Hash: hash, Person: person, Name: name, Scopes: []string{access.ScimProvision},
		ExpiresAt: time.Now().Add(life).UTC()})
	return token, err
}
