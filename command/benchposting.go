package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/journal"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/bench"
	"github.com/countersign/countersign/config"
)

func benchPostingCommand() *cobra.Command {
	o := bench.PostingOptions{Open: func(ctx context.Context, books *server.Server) (erp.Port, error) {
		return openLogged(ctx, config.Connection{Adapter: config.AdapterTryton, URL: books.URL, Database: books.Database,
			User: books.User, Password: config.NewSecret(books.Password)})
	}}
	memory := bench.MemoryOptions{Open: func(ctx context.Context, url string) (erp.Port, error) {
		return openLogged(ctx, config.Connection{Adapter: config.AdapterSandbox, URL: url})
	}}
	cmd := &cobra.Command{
		Use:   "erp",
		Short: "Measure posting to a real Tryton beside a bare client that creates and posts, in one run",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if memory.Out, memory.Clients = o.Out, o.Clients; memory.Thousands > 0 {
				return bench.RunPostingMemory(cmd.Context(), memory)
			}
			return bench.RunPosting(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Vouchers, "vouchers", 100, "vouchers of each side and round")
	cmd.Flags().IntVar(&o.Clients, "clients", 4, "clients at once")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 9, "ours and the bare client in turn, so often")
	cmd.Flags().IntVar(&memory.Thousands, "memory", 0,
		"instead: post so many thousand vouchers to a sandbox ERP and print what memory does after each")
	return cmd
}

// openLogged opens a connection as the product has it, whose exchanges are logged; only
// the log's own store is left out.
func openLogged(ctx context.Context, c config.Connection) (erp.Port, error) {
	c.ID, c.Currency, c.Timeout, c.PerSecond = "bench", "CNY", time.Minute, 10_000
	log := journal.New(journal.Options{Keep: func(context.Context, []journal.Entry) error { return nil }})
	go log.Run(ctx)
	return openERP(c, nil, log.Record)
}
