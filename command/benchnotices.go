package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/bench"
)

// benchNoticesCommand measures a storm of notices; its relay is a process of its own.
func benchNoticesCommand() *cobra.Command {
	o := bench.NoticesOptions{}
	cmd := &cobra.Command{
		Use:   "notices",
		Short: "Open many tasks for few people at once: how often each is told, what is lost, what it costs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return bench.RunNotices(cmd.Context(), o)
		},
	}
	cmd.Flags().IntVar(&o.Tasks, "tasks", 10_000, "tasks that are opened")
	cmd.Flags().IntVar(&o.People, "people", 200, "people who are asked, in turn")
	cmd.Flags().DurationVar(&o.Over, "over", time.Minute, "within which they are opened")
	cmd.Flags().IntVar(&o.Budget, "budget", 10, "notices.budget")
	cmd.Flags().DurationVar(&o.Gather, "gather", 2*time.Minute, "notices.gather")
	cmd.Flags().DurationVar(&o.Steady, "steady", time.Minute, "how long is measured before and after it")
	cmd.AddCommand(benchNoticesRelayCommand())
	return cmd
}

func benchNoticesRelayCommand() *cobra.Command {
	o := bench.NoticesRelayOptions{}
	cmd := &cobra.Command{
		Use: "relay", Short: "The relay of the measurement", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return bench.RunNoticesRelay(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.Database, "database", "", "")
	cmd.Flags().IntVar(&o.Port, "port", 0, "")
	cmd.Flags().IntVar(&o.Budget, "budget", 0, "")
	cmd.Flags().DurationVar(&o.Gather, "gather", 0, "")
	return cmd
}
