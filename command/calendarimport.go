package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// calendarImport is what the import command was asked for.
type calendarImport struct {
	id, file, kind, only, source string
	years                        []int
	dryRun                       bool
}

func calendarImportCommand() *cobra.Command {
	var in calendarImport
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Import days from iCalendar (.ics), or a whole calendar from YAML, and show what changes",
		Example: `  countersign calendar import --id cn-office --file 2027.ics --kind holidays --year 2027 --dry-run
  countersign calendar import --id hk-office --file hk-office.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := os.ReadFile(in.file)
			if err != nil {
				return fmt.Errorf("--file: %w", err)
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				printed, err := in.apply(ctx, s, text, i18n.CalendarWords{Locale: locale(cmd)})
				fmt.Fprint(cmd.OutOrStdout(), printed)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&in.id, "id", "", "calendar to change, such as cn-office")
	cmd.Flags().StringVar(&in.file, "file", "", "iCalendar file (.ics) or calendar file (.yaml, .json)")
	cmd.Flags().StringVar(&in.kind, "kind", "", "what the days of an .ics are: holidays or workdays (make-up days 调休上班)")
	cmd.Flags().StringVar(&in.only, "only", "", "take only the events of an .ics whose summary has this text")
	cmd.Flags().IntSliceVar(&in.years, "year", nil, "year whose days off the .ics tells completely: it becomes published")
	cmd.Flags().StringVar(&in.source, "source", "", "where such a year was published (default: the file's name)")
	cmd.Flags().BoolVar(&in.dryRun, "dry-run", false, "show what would change, and write nothing")
	_ = cmd.MarkFlagRequired("id")
	_ = cmd.MarkFlagRequired("file")
	return cmd
}

// apply saves what the file says as the next version of the calendar, unless it
// is a dry run or nothing changes, and answers with the words for it.
func (in calendarImport) apply(
	ctx context.Context, s *store.Store, text []byte, w i18n.CalendarWords,
) (string, error) {
	versions, err := s.CalendarVersions(ctx)
	if err != nil {
		return "", err
	}
	before, err := findCalendar(versions, in.id)
	if err != nil && (in.isICS() || fault.KindOf(err) != fault.NotFound) {
		return "", err
	}
	after, err := in.read(before.Calendar, text)
	if err != nil {
		return "", err
	}
	base := before.Calendar
	if base == nil { // a new one: only its dates are news
		base = &calendar.Calendar{ID: after.ID, Zone: after.Zone, Week: after.Week}
	}
	changes := base.Diff(after)
	if before.Calendar != nil && changes.None() {
		return w.Text("nothing", nil), nil
	}
	printed := w.Changes(after, changes)
	moves, err := openMoves(ctx, s, before, after, w)
	if err != nil {
		return printed, err
	}
	printed += moves
	if in.dryRun {
		return printed + w.Text("dry_run", nil), nil
	}
	version, err := s.ImportCalendar(ctx, after, before.Version, "import:"+filepath.Base(in.file))
	if err != nil {
		return printed, err
	}
	return printed + w.Text("saved", map[string]string{"id": after.ID, "version": fmt.Sprint(version)}), nil
}

func (in calendarImport) isICS() bool { return strings.EqualFold(filepath.Ext(in.file), ".ics") }

// read is the calendar after the import.
func (in calendarImport) read(before *calendar.Calendar, text []byte) (*calendar.Calendar, error) {
	if !in.isICS() {
		if in.kind != "" || in.only != "" || len(in.years) > 0 || in.source != "" {
			return nil, errors.New("--kind, --only, --year and --source are for .ics files; a calendar file says it itself")
		}
		c, err := config.ReadCalendar(in.file, text)
		if err == nil && c.ID != in.id {
			return nil, fmt.Errorf("--id %s: the file is the calendar %s", in.id, c.ID)
		}
		return c, err
	}
	name := filepath.Base(in.file)
	events, err := calendar.ReadICS(name, text)
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e calendar.Event) bool { return !strings.Contains(e.Name, in.only) })
	if len(events) == 0 {
		return nil, fault.New(fault.Invalid, "calendar.ics_no_events", fault.Arg("file", name))
	}
	source := in.source
	if source == "" {
		source = name
	}
	return before.With(calendar.Import{
		Kind: calendar.ImportKind(in.kind), Events: events, Years: in.years, Source: source})
}
