package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

func opsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ops", Short: "What an operator does in a running house"}
	cmd.AddCommand(handoverCommand(), unbindCommand())
	return cmd
}

// handover is what the hand-over command was asked for.
type handover struct {
	person, to, reason string
	dryRun             bool
	wait               time.Duration
	words              func(key string, args map[string]string) string
	out                io.Writer
}

// How often a hand-over looks how far it is.
const handoverLook = time.Second

func handoverCommand() *cobra.Command {
	var in handover
	cmd := &cobra.Command{
		Use:   "handover",
		Short: "Hand over everything of somebody who left: show what becomes of it, then do it",
		Example: `  countersign ops handover --person li --dry-run
  countersign ops handover --person li --to wu --reason "same team"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			language := locale(cmd)
			in.out = cmd.OutOrStdout()
			in.words = func(key string, args map[string]string) string {
				return i18n.Shipped().Text(language, "handover."+key, args)
			}
			return withStore(cmd, in.run)
		},
	}
	cmd.Flags().StringVar(&in.person, "person", "", "who leaves, by id")
	cmd.Flags().StringVar(&in.to, "to", "", "who takes over the open tasks, as far as they may; needs --reason")
	cmd.Flags().StringVar(&in.reason, "reason", "", "why, for the record")
	cmd.Flags().BoolVar(&in.dryRun, "dry-run", false, "show what would become of everything, and write nothing")
	cmd.Flags().DurationVar(&in.wait, "wait", time.Minute, "how long to watch until every open task has moved")
	_ = cmd.MarkFlagRequired("person")
	return cmd
}

func (in handover) run(ctx context.Context, s *store.Store) error {
	people, err := s.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	if _, known := people.People[in.person]; !known {
		return fault.New(fault.NotFound, "person.not_found")
	}
	if in.to != "" && (in.reason == "" || !people.Active(in.to) || people.Same(in.to, in.person)) {
		return errors.New("--to takes another person who works here, and --reason says why")
	}
	plan, err := desk.PlanHandover(ctx, s, (&activities.Plans{Book: named{s, in}}).Foresee, in.person)
	if err != nil {
		return err
	}
	in.show(plan, people)
	if in.dryRun {
		fmt.Fprintln(in.out, in.words("dry_run", nil))
		return nil
	}
	if plan.Active {
		return fault.New(fault.Conflict, "handover.active", fault.Arg("person", in.person))
	}
	if in.to != "" {
		if err := s.NameHeir(ctx, in.person, in.to, in.reason); err != nil {
			return err
		}
	}
	if _, err := s.TellLeaver(ctx, in.person, store.Idempotency{}); err != nil {
		return err
	}
	return in.watch(ctx, s)
}

// named is the store as it will be once the heir is named, for the preview.
type named struct {
	*store.Store
	asked handover
}

// Heir is whom the command names, else whom somebody named before.
func (n named) Heir(ctx context.Context, person string) (string, error) {
	if n.asked.to != "" && person == n.asked.person {
		return n.asked.to, nil
	}
	return n.Store.Heir(ctx, person)
}

// show prints what becomes of everything.
func (in handover) show(h desk.Handover, people *org.Snapshot) {
	key := "left"
	if h.Active {
		key = "works_here"
	}
	fmt.Fprintln(in.out, in.words(key, map[string]string{"person": nameOf(people, h.Person), "n": strconv.Itoa(h.Open)}))
	for _, item := range h.Items {
		if item.Kind == "delegation" {
			item.Title = nameOf(people, item.To)
		}
		kind := in.words("kind."+item.Kind, map[string]string{"n": strconv.Itoa(item.Count)})
		fate := in.words("fate."+item.Fate, map[string]string{"to": nameOf(people, item.To)})
		fmt.Fprintf(in.out, "  %s  %s %s  → %s\n", kind, item.Number, item.Title, fate)
	}
}

func nameOf(people *org.Snapshot, id string) string {
	if p, known := people.People[id]; known {
		return p.Name + " (" + id + ")"
	}
	return id
}

// watch prints how many tasks are left until there are none, or the time is over.
func (in handover) watch(ctx context.Context, s *store.Store) error {
	end, last := time.Now().Add(in.wait), -1
	for {
		left, err := s.Belongings(ctx, in.person)
		if err != nil {
			return err
		}
		if left.Total != last {
			fmt.Fprintln(in.out, in.words("progress", map[string]string{"n": strconv.Itoa(left.Total)}))
			last = left.Total
		}
		switch {
		case left.Total == 0:
			return nil
		case time.Now().After(end):
			fmt.Fprintln(in.out, in.words("later", nil))
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(handoverLook):
		}
	}
}
