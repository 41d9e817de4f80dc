package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/bench"
)

func benchCommand() *cobra.Command {
	o := bench.Options{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure Countersign beside the bare Temporal floor, in one run on the same servers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return bench.Run(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Documents, "documents", 100, "documents of each kind and round")
	cmd.Flags().IntVar(&o.Clients, "clients", 64, "clients at once, at most")
	cmd.Flags().Float64Var(&o.Pace, "pace", 5, "documents begun a second on either side; 0 = as many as the clients can")
	cmd.Flags().IntVar(&o.Warm, "warm", 200, "documents of each kind before, which are not counted")
	// Many short rounds: the speed of a machine drifts, and both sides must have their share of it.
	cmd.Flags().IntVar(&o.Rounds, "rounds", 8, "ours and the floor in turn, so often")
	cmd.AddCommand(benchFloorCommand(), benchWaitingCommand(), benchSeedCommand(),
		benchPagesCommand(), benchPostingCommand(), benchNoticesCommand())
	return cmd
}

// benchFloorCommand is the floor's process; the benchmark starts it.
func benchFloorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "floor", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "floor")
			if err != nil {
				return err
			}
			port, err := openERP(connectionOf(p.config, "acme-cn"), nil, nil)
			if err != nil {
				return err
			}
			sender, err := p.mailer()
			if err != nil {
				return err
			}
			return bench.RunFloor(cmd.Context(), bench.FloorOptions{
				Temporal: p.config.Temporal.Address, Namespace: p.config.Temporal.Namespace,
				Database: p.config.Database.URL.Reveal(), ERP: port, Mail: sender,
				In: cmd.InOrStdin(), Out: cmd.OutOrStdout()})
		},
	}
}

func benchWaitingCommand() *cobra.Command {
	o := bench.WaitingOptions{}
	cmd := &cobra.Command{
		Use:   "waiting",
		Short: "Measure what waiting documents cost: memory, CPU at rest, replay by a new worker",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return bench.RunWaiting(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Documents, "documents", 10_000, "documents that wait")
	cmd.Flags().IntVar(&o.Decisions, "decisions", 200, "decisions measured warm, and again cold")
	cmd.Flags().DurationVar(&o.Idle, "idle", time.Minute, "how long rest is measured, once it has come")
	return cmd
}
