package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/platform/temporalserver"
)

// findTemporalCommand builds the development Temporal server where it is not
// built yet, so that no test waits minutes for it.
func findTemporalCommand() *cobra.Command {
	return &cobra.Command{
		Use: "find-temporal", Hidden: true, Args: cobra.NoArgs,
		Short: "Build the development Temporal server if need be, and print where it is",
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := temporalserver.Find(cmd.Context(), temporalserver.FindOptions{Out: cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
}
