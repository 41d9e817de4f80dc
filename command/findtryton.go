package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp/tryton/server"
)

// findTrytonCommand sets up the books that test Trytons begin with where they are not set
// up yet, so that no test waits minutes for them.
func findTrytonCommand() *cobra.Command {
	return &cobra.Command{
		Use: "find-tryton", Hidden: true, Args: cobra.NoArgs,
		Short: "Set up a Tryton company for tests if need be, and print where it is",
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := server.Prepare(cmd.Context(), "", cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
}
