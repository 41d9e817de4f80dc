package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
)

// connectionsOf lists the ERP companies as the desk names them.
func connectionsOf(c config.Config) []desk.Connection {
	var list []desk.Connection
	for _, connection := range c.ERP.Connections {
		windows, _ := windowsOf(connection) // the configuration was checked
		one := desk.Connection{ID: connection.ID, Entities: connection.Entities, Maintenance: windows,
			Rates: connection.Rates}
		if c := capabilitiesOf(connection); c != nil {
			keeps := c.Keeps()
			keeps.Connection, keeps.Adapter = connection.ID, connection.Adapter
			one.Keeps, one.Reads = &keeps, c.Master
		}
		list = append(list, one)
	}
	return list
}

// capabilitiesOf is what the ERP of a connection can do, nil where that cannot be said
// here. Nothing is asked of the ERP, so whoever has not its password may know.
func capabilitiesOf(c config.Connection) *erp.Capabilities {
	if !c.Password.IsSet() {
		c.Password = config.NewSecret("not known here")
	}
	opened, err := erp.Open(erpConfig(c))
	if err != nil {
		slog.Warn("what the ERP can do is not known: mappings are not held against it",
			"connection", c.ID, "error", err)
		return nil
	}
	can := opened.Capabilities()
	return &can
}

// reconciliations are the activities that compare, over the ports that post.
func (p *parts) reconciliations(s *store.Store, ledgers activities.Ledgers) *activities.Reconciliations {
	connections := map[string]activities.Connection{}
	for _, c := range p.config.ERP.Connections {
		connections[c.ID] = activities.Connection{ID: c.ID, Entities: c.Entities, Ledger: ledgers[c.Entities[0]]}
	}
	return &activities.Reconciliations{Book: s, Connections: connections,
		Days: p.config.ERP.Reconcile.Days, Zone: p.zone()}
}

// scheduleReconciliations has every connection compared by night.
func (p *parts) scheduleReconciliations(ctx context.Context, c client.Client) error {
	at, err := time.Parse("15:04", p.config.ERP.Reconcile.At)
	if p.config.ERP.Reconcile.At == "" || err != nil {
		return nil //nolint:nilerr // the configuration was checked
	}
	var connections []string
	for _, one := range p.config.ERP.Connections {
		connections = append(connections, one.ID)
	}
	return worker.ScheduleReconciliations(ctx, c, connections,
		worker.Nightly{Hour: at.Hour(), Minute: at.Minute(), Zone: p.zone().String()})
}

func erpReconcileCommand() *cobra.Command {
	var connection, from, until string
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Compare our vouchers with those of an ERP, both ways",
		Long: `Compares every posted voucher with what the ERP holds under its reference, and what the ERP holds under our
references with what we know. It changes nothing in the ERP, keeps what it finds for the page «Reconciliation», and ends
with status 1 where something differs that nobody has explained. It works without Temporal and without a worker, in
safe mode too.`,
		Example: "  countersign erp reconcile --connection books --from 2026-11-01 --until 2026-11-30",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "erp")
			if err != nil {
				return err
			}
			defer p.close()
			return p.reconcile(cmd, activities.ReconcileInput{Connection: connection, From: from, Until: until})
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "",
		"id of the connection, as in erp.connections; needed where there are more")
	cmd.Flags().StringVar(&from, "from", "", "first day, YYYY-MM-DD; default: erp.reconcile.days back")
	cmd.Flags().StringVar(&until, "until", "", "last day, YYYY-MM-DD; default: today")
	return cmd
}

func (p *parts) reconcile(cmd *cobra.Command, in activities.ReconcileInput) error {
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
	ledgers, err := p.ledgers()
	if err != nil {
		return err
	}
	in.Run = uuid.Must(uuid.NewV7()).String()
	if _, err := p.reconciliations(s, ledgers).Reconcile(cmd.Context(), in); err != nil {
		return spoken(cmd, err)
	}
	everything := access.Scope{All: true}
	run, err := s.Reconciliation(cmd.Context(), everything, in.Run)
	if err != nil {
		return err
	}
	page, err := s.Differences(cmd.Context(), everything, store.DifferenceFilter{Run: in.Run, Limit: store.PageMost})
	if err != nil {
		return err
	}
	tellReconciliation(cmd.OutOrStdout(), locale(cmd), run, page.Items)
	if run.Open > 0 {
		return fmt.Errorf("%d differences are open", run.Open)
	}
	return nil
}

// spoken is a fault as people read it.
func spoken(cmd *cobra.Command, err error) error {
	f, ok := fault.As(wire.In(err))
	if !ok {
		return err
	}
	text := i18n.Shipped().Text(locale(cmd), "fault."+f.Code, f.Args)
	return fmt.Errorf("%s (%s)", strings.TrimSpace(text), f.Code)
}

func tellReconciliation(out io.Writer, locale string, r store.Reconciliation, found []store.FoundDifference) {
	fmt.Fprintf(out, "%s  %s – %s  %d here, %d there, %d differ, %d open\n", r.Connection, r.From, r.Until, r.Ours,
		r.Theirs, r.Differences, r.Open)
	for _, d := range found {
		word := i18n.Shipped().Text(locale, "reconcile.kind."+string(d.Kind), nil)
		fmt.Fprintf(out, "%s\t%s\t%s\t%s | %s\t%s\n", word, d.DocumentNumber, d.Reference, d.Ours, d.Theirs, d.Ruling.Ruling)
	}
	if r.Differences > int64(len(found)) {
		fmt.Fprintf(out, "… %d more on the page\n", r.Differences-int64(len(found)))
	}
}
