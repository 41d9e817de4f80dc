package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

func calendarCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "calendar", Short: "Ask the working-time calendars, and import new ones"}
	cmd.AddCommand(dueCommand(), calendarListCommand(), calendarImportCommand())
	return cmd
}

// dueCommand answers without waiting, and without a database unless --stored asks
// for what is in force there.
func dueCommand() *cobra.Command {
	var from, span string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "due",
		Short: "Say which instant lies so much working time after another, and why",
		Example: `  countersign calendar due --from 2026-02-13T17:30:00+08:00 --for "4 workhours" --calendar cn-office
  countersign calendar due --for "1 workday" --entity acme-cn --stored --locale zh-CN`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			began, err := instant(from)
			if err != nil {
				return err
			}
			duration, err := calendar.ParseDuration(span)
			if err != nil {
				return err
			}
			chosen, err := chooseCalendar(cmd)
			if err != nil {
				return err
			}
			deadline, days, err := chosen.Course(began, duration)
			if err != nil {
				return err
			}
			if asJSON {
				return printCourse(cmd, chosen, deadline, days)
			}
			zone, err := time.LoadLocation(chosen.Zone)
			if err != nil {
				return fmt.Errorf("zone of calendar %s: %w", chosen.ID, err)
			}
			w := i18n.CalendarWords{Locale: locale(cmd), Zone: zone}
			_, err = fmt.Fprint(cmd.OutOrStdout(), w.Course(chosen, began, duration, deadline, days))
			return err
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "instant, RFC 3339 (default now)")
	cmd.Flags().StringVar(&span, "for", "1 workday", `working time, such as "4 workhours", "2 workdays", "30 s"`)
	cmd.Flags().String("calendar", "", "calendar id, such as cn-office")
	cmd.Flags().String("entity", "", "legal entity whose calendar counts")
	cmd.Flags().String("company", "", "organisation file that has the entity (default: the demo company)")
	cmd.Flags().Bool("stored", false, "ask the database's calendars and organisation, not those that ship")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	cmd.MarkFlagsMutuallyExclusive("calendar", "entity")
	cmd.MarkFlagsMutuallyExclusive("stored", "company")
	return cmd
}

// courseAnswer is what `due --json` prints.
type courseAnswer struct {
	Calendar string `json:"calendar"`
	Zone     string `json:"zone"`
	calendar.Deadline
	Days []calendar.Day `json:"days"`
}

func printCourse(cmd *cobra.Command, c *calendar.Calendar, deadline calendar.Deadline, days []calendar.Day) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return encoder.Encode(courseAnswer{Calendar: c.ID, Zone: c.Zone, Deadline: deadline, Days: days})
}

func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Now(), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--from %q is no RFC 3339 instant, such as 2026-02-13T17:30:00+08:00", text)
	}
	return at, nil
}

// calendarListCommand says which years each calendar knows, and where from.
func calendarListCommand() *cobra.Command {
	var stored bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the calendars, the years they know, and where those were published",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			versions, _, err := calendarsOf(cmd, stored)
			if err != nil {
				return err
			}
			w := i18n.CalendarWords{Locale: locale(cmd)}
			for _, v := range versions {
				fmt.Fprint(cmd.OutOrStdout(), listedCalendar(w, v, time.Now()))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&stored, "stored", false, "those in force in the database, not those that ship")
	return cmd
}

// calendarsOf are the calendars that ship or, where asked, those in force in the
// database, with the function that answers for its organisation.
func calendarsOf(cmd *cobra.Command, stored bool) ([]store.CalendarVersion, func() (*org.Snapshot, error), error) {
	if !stored {
		shipped, err := calendar.Shipped()
		if err != nil {
			return nil, nil, err
		}
		versions := make([]store.CalendarVersion, 0, len(shipped))
		for _, c := range shipped {
			versions = append(versions, store.CalendarVersion{Calendar: c})
		}
		return versions, func() (*org.Snapshot, error) { return companyOf(cmd) }, nil
	}
	var versions []store.CalendarVersion
	var company *org.Snapshot
	err := withStore(cmd, func(ctx context.Context, s *store.Store) error {
		var err error
		if versions, err = s.CalendarVersions(ctx); err != nil || !cmd.Flags().Changed("entity") {
			return err
		}
		company, err = s.Snapshot(ctx, 0)
		return err
	})
	return versions, func() (*org.Snapshot, error) { return company, nil }, err
}

// withStore opens the configured database for one piece of work.
func withStore(cmd *cobra.Command, work func(ctx context.Context, s *store.Store) error) error {
	p, err := load(cmd, "migrate")
	if err != nil {
		return err
	}
	defer p.close()
	s, err := p.store(cmd.Context())
	if err != nil {
		return err
	}
	return work(cmd.Context(), s)
}

func chooseCalendar(cmd *cobra.Command) (*calendar.Calendar, error) {
	name, err := cmd.Flags().GetString("calendar")
	if err != nil {
		return nil, fmt.Errorf("--calendar: %w", err)
	}
	entity, err := cmd.Flags().GetString("entity")
	if err != nil {
		return nil, fmt.Errorf("--entity: %w", err)
	}
	stored, err := cmd.Flags().GetBool("stored")
	if err != nil {
		return nil, fmt.Errorf("--stored: %w", err)
	}
	versions, organisation, err := calendarsOf(cmd, stored)
	if err != nil {
		return nil, err
	}
	if entity != "" {
		company, err := organisation()
		if err != nil {
			return nil, err
		}
		found, there := company.Entities[entity]
		if !there {
			return nil, fmt.Errorf("--entity %q is not known; known are %s", entity,
				strings.Join(sortedKeys(company.Entities), ", "))
		}
		name = found.Calendar
	} else if name == "" {
		name = "cn-office"
	}
	found, err := findCalendar(versions, name)
	return found.Calendar, err
}

func findCalendar(versions []store.CalendarVersion, id string) (store.CalendarVersion, error) {
	for _, v := range versions {
		if v.Calendar.ID == id {
			return v, nil
		}
	}
	return store.CalendarVersion{}, fault.New(fault.NotFound, "calendar.not_stored", fault.Arg("id", id))
}
