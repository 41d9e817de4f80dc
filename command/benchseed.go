package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/bench/seeding"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

func benchSeedCommand() *cobra.Command {
	o := seeding.Options{}
	cmd := &cobra.Command{
		Use:   "seed",
		Short: "Fill a migrated database with the documents of three years, to measure pages over",
		Long: `Fill a migrated database with the documents of three years: people, documents of every status, open
tasks of which a few approvers have thousands, vouchers, notices. Events and read model are those that the
product would have recorded; there are no signatures and no workflows, so nothing seeded can be decided.
What was begun goes on where it stopped. Never for a database that anybody needs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "seed")
			if err != nil {
				return err
			}
			defer p.close()
			return p.seed(cmd, o)
		},
	}
	cmd.Flags().IntVar(&o.Documents, "documents", 1_000_000, "documents in all")
	cmd.Flags().IntVar(&o.OpenTasks, "open-tasks", 200_000, "of which so many tasks are open")
	cmd.Flags().IntVar(&o.People, "people", 5_000, "people who ask and decide")
	cmd.Flags().BoolVar(&o.Force, "force", false, "also beside documents that were not seeded")
	return cmd
}

func (p *parts) seed(cmd *cobra.Command, o seeding.Options) error {
	if p.config.Mode != config.Dev {
		return fmt.Errorf("bench seed writes people and documents that never were; "+
			"it runs with %s=dev only", config.EnvName("mode"))
	}
	s, err := p.store(cmd.Context())
	if err != nil {
		return err
	}
	o.Database = p.config.Database.URL.Reveal()
	o.Company = func(ctx context.Context) (*org.Snapshot, error) {
		now, err := s.Snapshot(ctx, 0)
		if fault.CodeOf(err) == "organisation.none" {
			return nil, nil
		}
		return now, err
	}
	o.Replace = func(ctx context.Context, next org.Snapshot, cause string) error {
		_, err := s.ReplaceOrganisation(ctx, next, cause)
		return err
	}
	bar := newProgress(cmd.ErrOrStderr(), o.Documents)
	o.Progress = bar.show
	report, err := seeding.Run(cmd.Context(), o)
	if err != nil {
		return err
	}
	bar.end()
	fmt.Fprintf(cmd.OutOrStdout(), "%d documents, %d of them seeded now\n", report.Documents, report.Fresh)
	return nil
}
