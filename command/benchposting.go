package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/bench"
	"github.com/countersign/countersign/config"
)

func benchPostingCommand() *cobra.Command {
	o := bench.PostingOptions{Open: func(books *server.Server) (erp.Port, error) {
		return openERP(config.Connection{ID: "bench", Adapter: config.AdapterTryton, URL: books.URL, Database: books.Database,
			User: books.User, Password: config.NewSecret(books.Password), Currency: "CNY", Timeout: time.Minute,
			PerSecond: 10_000}, nil, nil)
	}}
	cmd := &cobra.Command{
		Use:   "erp",
		Short: "Measure posting to a real Tryton beside a bare client that creates and posts, in one run",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return bench.RunPosting(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Vouchers, "vouchers", 100, "vouchers of each side and round")
	cmd.Flags().IntVar(&o.Clients, "clients", 4, "clients at once")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 9, "ours and the bare client in turn, so often")
	return cmd
}
