package command

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/adapters/erp/sandbox"
)

func erpCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "erp", Short: "Look into the ERPs, examine one, or run a simulated or the sandbox ERP"}
	cmd.AddCommand(erpFindCommand(), erpPreviewCommand(), erpSyncCommand(), erpReconcileCommand(),
		erpReversalCommand(), erpSandboxCommand(), erpSimulateCommand(), erpConformanceCommand())
	return cmd
}

func erpFindCommand() *cobra.Command {
	var entity string
	cmd := &cobra.Command{
		Use:     "find REFERENCE",
		Short:   "Find a voucher in an entity's ERP by our reference",
		Example: "  countersign erp find v:0198…:accrual:1 --entity acme-cn --config .countersign/config.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := load(cmd, "erp")
			if err != nil {
				return err
			}
			port, err := openERP(connectionOf(p.config, entity), nil, nil)
			if err != nil {
				return fmt.Errorf("--entity %q: %w", entity, err)
			}
			found, err := port.Find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, f := range found {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s\tdebit %s credit %s\n",
					f.ID, f.Number, f.State, f.Date, f.Totals.Debit.Text(), f.Totals.Credit.Text())
			}
			if len(found) == 0 {
				return errors.New("nothing is booked under that reference")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&entity, "entity", "acme-cn", "legal entity whose ERP is asked")
	return cmd
}

func erpSandboxCommand() *cobra.Command {
	var listen, dir string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the sandbox ERP by itself",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			erp, err := sandbox.Open(sandbox.Options{Dir: dir})
			if err != nil {
				return err
			}
			l, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen %s: %w", listen, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ready http://%s\n", l.Addr())
			web := &http.Server{Handler: erp, ReadHeaderTimeout: 5 * time.Second}
			go func() {
				<-cmd.Context().Done()
				_ = web.Close()
			}()
			if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "host:port")
	cmd.Flags().StringVar(&dir, "dir", "sandbox-erp", "directory of its books and its journal")
	return cmd
}
