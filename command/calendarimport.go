package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/calendarfile"
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
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	after, err := in.read(before.Calendar, text)
	if err != nil {
		return "", err
	}
	changes := before.Calendar.Diff(after)
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

// read is the calendar after the import.
func (in calendarImport) read(before *calendar.Calendar, text []byte) (*calendar.Calendar, error) {
	days := calendarfile.Days{Name: in.file, Text: text, Kind: calendar.ImportKind(in.kind), Only: in.only,
		Years: in.years, Source: in.source}
	if !days.ICS() && (in.kind != "" || in.only != "" || len(in.years) > 0 || in.source != "") {
		return nil, errors.New("--kind, --only, --year and --source are for .ics files; a calendar file says it itself")
	}
	c, err := days.After(before)
	if err == nil && c.ID != in.id {
		return nil, fmt.Errorf("--id %s: the file is the calendar %s", in.id, c.ID)
	}
	return c, err
}
