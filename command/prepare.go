package command

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

// prepareCommand is `dev`'s preparation by itself, for tests and the benchmark:
// schema, demo company, roles, a token for everybody.
func prepareCommand() *cobra.Command {
	return &cobra.Command{
		Use: "prepare", Hidden: true, Args: cobra.NoArgs,
		Short: "Prepare a development database and print its addresses and tokens as JSON",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "migrate")
			if err != nil {
				return err
			}
			defer p.close()
			addresses, tokens, err := p.prepareDev(cmd.Context())
			if err != nil {
				return err
			}
			err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"addresses": addresses, "tokens": tokens})
			if err != nil {
				return fmt.Errorf("printing what was prepared: %w", err)
			}
			return nil
		},
	}
}
