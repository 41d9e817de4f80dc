package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/calendar"
)

func calendarCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "calendar", Short: "Ask the working-time calendars"}
	cmd.AddCommand(dueCommand())
	return cmd
}

// dueCommand answers without waiting and without a database: the shipped
// calendars, and the demo company's entities by name.
func dueCommand() *cobra.Command {
	var from, span, name, entity string
	cmd := &cobra.Command{
		Use:     "due",
		Short:   "Say which instant lies so much working time after another",
		Example: `  countersign calendar due --from 2026-02-13T17:30:00+08:00 --for "4 workhours" --calendar cn-office`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			began, err := instant(from)
			if err != nil {
				return err
			}
			duration, err := calendar.ParseDuration(span)
			if err != nil {
				return err
			}
			chosen, err := chooseCalendar(name, entity)
			if err != nil {
				return err
			}
			deadline, err := chosen.Due(began, duration)
			if err != nil {
				return err
			}
			zone, err := time.LoadLocation(chosen.Zone)
			if err != nil {
				return fmt.Errorf("zone of calendar %s: %w", chosen.ID, err)
			}
			note := ""
			if deadline.Provisional {
				note = " provisional: the calendar of that year is not published yet 该年日历尚未公布"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s%s\n", deadline.At.In(zone).Format(time.RFC3339), note)
			return err
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "instant, RFC 3339 (default now)")
	cmd.Flags().StringVar(&span, "for", "1 workday", `working time, such as "4 workhours", "2 workdays", "30 s"`)
	cmd.Flags().StringVar(&name, "calendar", "", "calendar id, such as cn-office")
	cmd.Flags().StringVar(&entity, "entity", "", "legal entity whose calendar counts")
	cmd.MarkFlagsMutuallyExclusive("calendar", "entity")
	return cmd
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

func chooseCalendar(name, entity string) (*calendar.Calendar, error) {
	if entity != "" {
		company, err := config.DemoCompany()
		if err != nil {
			return nil, err
		}
		found, there := company.Entities[entity]
		if !there {
			return nil, fmt.Errorf("--entity %q is not known; known are %v", entity, sortedKeys(company.Entities))
		}
		name = found.Calendar
	}
	if name == "" {
		name = "cn-office"
	}
	shipped, err := calendar.Shipped()
	if err != nil {
		return nil, err
	}
	known := make([]string, 0, len(shipped))
	for _, c := range shipped {
		if c.ID == name {
			return c, nil
		}
		known = append(known, c.ID)
	}
	return nil, fmt.Errorf("--calendar %q is not known; known are %v", name, known)
}
