package command

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
)

// masterData reads the master data of every configured connection.
func (p *parts) masterData(s *store.Store) (*activities.MasterData, error) {
	books, err := p.connections()
	if err != nil {
		return nil, err
	}
	sources := map[string]activities.MasterSource{}
	for _, c := range p.config.ERP.Connections {
		sources[c.ID] = activities.MasterSource{Ledger: books[c.ID], Entities: c.Entities,
			Rates: c.Rates, Review: c.ReviewMaster}
	}
	return &activities.MasterData{Book: s, Sources: sources}, nil
}

// scheduleMasterData has it read by itself; without that it is still read when asked.
func (p *parts) scheduleMasterData(ctx context.Context, c client.Client, m *activities.MasterData) {
	var connections []string
	for _, one := range p.config.ERP.Connections {
		connections = append(connections, one.ID)
	}
	behind, err := m.Behind(ctx)
	if err == nil {
		err = worker.ScheduleMasterData(ctx, c, connections, behind, p.config.ERP.MasterEvery)
	}
	if err != nil {
		p.logger.Error("nobody will read master data by itself", "error", err)
	}
}

func erpSyncCommand() *cobra.Command {
	var in activities.MasterInput
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Read an ERP's master data: accounts, parties, cost centres, periods, currencies, rates and the like",
		Long: "Read an ERP's master data and keep what changed. A difference that would break something in use,\n" +
			"such as an account that is closed and named by a mapping, is shown and kept back until --accept.\n" +
			"Nothing is ever deleted. Ends with 1 where something is kept back. It works without Temporal and\n" +
			"without a worker.",
		Example: "  countersign erp sync --connection books --dry-run --config .countersign/config.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "erp")
			if err != nil {
				return err
			}
			defer p.close()
			return p.syncMaster(cmd, in)
		},
	}
	cmd.Flags().StringVar(&in.Connection, "connection", "", "id of the connection; needed where there are more")
	cmd.Flags().BoolVar(&in.DryRun, "dry-run", false, "show the differences, keep nothing")
	cmd.Flags().BoolVar(&in.Whole, "whole", false, "read everything, even where only what changed would do")
	cmd.Flags().BoolVar(&in.Review, "review", false, "keep nothing yet: every difference waits on the page «Master data»")
	cmd.Flags().BoolVar(&in.Accept, "accept", false, "keep also what would break something in use")
	return cmd
}

func (p *parts) syncMaster(cmd *cobra.Command, in activities.MasterInput) error {
	if in.Connection == "" && len(p.config.ERP.Connections) == 1 {
		in.Connection = p.config.ERP.Connections[0].ID
	}
	s, err := p.store(cmd.Context())
	if err != nil {
		return err
	}
	if err := p.keepExchanges(s); err != nil {
		return err
	}
	reader, err := p.masterData(s)
	if err != nil {
		return err
	}
	in.Run = uuid.Must(uuid.NewV7()).String()
	run, changes, err := reader.Sync(cmd.Context(), in)
	if err != nil {
		return spoken(cmd, err)
	}
	tellMaster(cmd.OutOrStdout(), locale(cmd), run, changes)
	switch {
	case run.State == store.MasterFailed:
		return fmt.Errorf("%s: %s", run.Code, run.Detail)
	case len(run.Held) > 0:
		return fmt.Errorf("%d differences are kept back: --accept them, or mend the ERP or the mapping", len(run.Held))
	}
	return nil
}

// changesShown is how many changes are printed.
const changesShown = 200

func tellMaster(out io.Writer, locale string, run store.MasterRun, changes []master.Change) {
	text := func(key string, args map[string]string) string { return i18n.Shipped().Text(locale, key, args) }
	fmt.Fprintln(out, text("master.came", map[string]string{"connection": run.Connection, "n": strconv.Itoa(run.Came)}))
	counts := master.Counts(changes)
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "  %s: %d\n", text("master.what."+what, nil), counts[what])
	}
	for i, c := range changes {
		if i == changesShown {
			fmt.Fprintf(out, "… %d\n", len(changes)-changesShown)
			break
		}
		uses := ""
		if c.Breaking() {
			uses = "  ! " + text("master.used_by", map[string]string{"what": c.Uses})
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s%s\n", text("master.kind."+string(c.After.Kind), nil), c.After.Code, c.After.Name,
			text("master.what."+c.What, nil), uses)
	}
	for _, r := range run.Remarks {
		fmt.Fprintf(out, "%s\t%s\t%s\n", text("master.kind."+string(r.Kind), nil), r.Code, text("master.remark."+r.Why, nil))
	}
}
