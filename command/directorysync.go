package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/activities"
	adapter "github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/adapters/directory/scim"
	"github.com/countersign/countersign/adapters/directory/table"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/worker"
	"github.com/countersign/countersign/workflows"
)

// directories are the activities that ask companies' directories, as the directory's
// role of the database; nil where that is not configured. A worker without the source
// that somebody asks for answers that it knows none.
func (p *parts) directories(ctx context.Context, s *store.Store) (*activities.Directories, error) {
	if len(p.config.Directory.Sources) == 0 && !p.config.SCIM.DatabaseURL.IsSet() {
		return nil, nil
	}
	own, err := p.directoryStore(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &activities.Directories{Book: own, Sources: map[string]activities.DirectorySource{}}
	for _, c := range p.config.Directory.Sources {
		stop := scimStop(p.config.SCIM)
		stop.Percent = cmp.Or(c.Percent, stop.Percent)
		port, err := openDirectory(c)
		if err != nil {
			return nil, fmt.Errorf("directory.sources %s: tls: %w", c.ID, err)
		}
		d.Sources[c.ID] = activities.DirectorySource{Port: port, Rules: scimRules(p.config), Stop: stop}
	}
	return d, nil
}

func openDirectory(c config.DirectorySource) (adapter.Source, error) {
	line, err := c.TLS.Client()
	if err != nil {
		return nil, err
	}
	settings := adapter.Config{ID: c.ID, Kind: c.Kind, Path: c.Path, URL: c.URL, Token: c.Token.Reveal(), SHA256: c.SHA256,
		Filter: c.Filter, Groups: c.Groups, Private: c.Private, Timeout: c.Timeout, TLS: line}
	if c.Kind == adapter.SCIM {
		return scim.Open(settings), nil
	}
	return table.Open(settings), nil
}

func (p *parts) directorySchedules() []worker.DirectorySchedule {
	var all []worker.DirectorySchedule
	for _, c := range p.config.Directory.Sources {
		all = append(all, worker.DirectorySchedule{Source: c.ID, Cron: c.Cron, Every: c.Every, Zone: p.config.Locale.Zone})
	}
	return all
}

func directoryTitles(c config.Directory) []desk.DirectorySource {
	var all []desk.DirectorySource
	for _, s := range c.Sources {
		when := s.Cron
		if s.Every > 0 {
			when = s.Every.String()
		}
		all = append(all, desk.DirectorySource{ID: s.ID, Title: cmp.Or(s.Title, s.ID), When: when})
	}
	return all
}

func directorySyncCommand() *cobra.Command {
	var source string
	var now, dry bool
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Ask the configured directories now, and follow; or only show who would join, change and leave",
		Example: `  countersign directory sync --now --dry-run
  countersign directory sync --now --source hr`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !now {
				return errors.New("say --now; by themselves directories are asked when directory.sources says so")
			}
			p, err := load(cmd, "directory")
			if err != nil {
				return err
			}
			defer p.close()
			return p.syncDirectories(cmd.Context(), cmd.OutOrStdout(), source, dry, locale(cmd))
		},
	}
	cmd.Flags().StringVar(&source, "source", "", "id of one source (default: all of them)")
	cmd.Flags().BoolVar(&now, "now", false, "ask now, whatever the schedule says")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show who would join, change and leave, and write nothing")
	return cmd
}

// syncDirectories asks the sources, one after another. A dry run needs no worker, and
// leaves nothing behind.
func (p *parts) syncDirectories(ctx context.Context, out io.Writer, only string, dry bool, language string) error {
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	all, err := p.directories(ctx, s)
	if err != nil {
		return err
	}
	asked := 0
	for _, c := range p.config.Directory.Sources {
		if only != "" && only != c.ID {
			continue
		}
		asked++
		if dry {
			err = showDirectory(ctx, out, all, c.ID, language)
		} else {
			err = p.followDirectory(ctx, out, c.ID, language)
		}
		if err != nil {
			return err
		}
	}
	if asked == 0 {
		return errors.New("there is no such directory: name it under directory.sources")
	}
	return nil
}

// showDirectory prints what a directory tells otherwise than we know.
func showDirectory(ctx context.Context, out io.Writer, all *activities.Directories, source, language string) error {
	words := i18n.Shipped()
	run := store.DirectoryRun{Source: source}
	_, differences, err := all.Compare(ctx, &run, all.Sources[source])
	if err != nil {
		return err
	}
	for _, d := range differences {
		fields := ""
		for _, f := range d.Fields {
			fields += " " + f
		}
		fmt.Fprintf(out, "%s: %s (%s)%s\n", words.Text(language, "page.directory.what."+d.What, nil), d.Name, d.Key, fields)
	}
	fmt.Fprintln(out, words.Text(language, "directory.sync.counts", map[string]string{"listed": strconv.Itoa(run.Listed),
		"joins": strconv.Itoa(run.Joins), "changes": strconv.Itoa(run.Changes), "leaves": strconv.Itoa(run.Leaves)}))
	return nil
}

// followDirectory has a worker ask a directory, and prints how that ended.
func (p *parts) followDirectory(ctx context.Context, out io.Writer, source, language string) error {
	c, err := p.dial(ctx)
	if err != nil {
		return err
	}
	run, err := p.engine(c, false).SyncedDirectory(ctx,
		workflows.DirectorySyncInput{Source: source, AskedBy: "system:operator"})
	if err != nil {
		return err
	}
	words := i18n.Shipped()
	fmt.Fprintln(out, words.Text(language, "directory.sync.ended", map[string]string{"source": source,
		"state": words.Text(language, "page.directory.state."+run.State, nil), "joins": strconv.Itoa(run.Joins),
		"changes": strconv.Itoa(run.Changes), "leaves": strconv.Itoa(run.Leaves), "refused": strconv.Itoa(run.Refused),
		"code": run.Code}))
	return nil
}
