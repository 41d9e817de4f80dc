package desk

import (
	"context"
	"slices"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/workflows"
)

// directoryRunsMost is how many runs one page shows.
const directoryRunsMost = 50

// DirectorySource is a directory that we ask ourselves, as people know it.
type DirectorySource struct {
	ID, Title string
	When      string // a cron expression or a duration; "" on demand only
}

// DirectoryRuns lists the directories and their last runs, for who administers or audits
// every company: they tell of everybody who works here.
//
// Errors: Forbidden access.denied.
func (d *Desk) DirectoryRuns(ctx context.Context, who auth.Who) ([]DirectorySource, []store.DirectoryRun, error) {
	if err := need(who, access.OrganisationInspect, access.Object{}); err != nil {
		return nil, nil, err
	}
	runs, err := d.Store.DirectoryRuns(ctx, directoryRunsMost)
	return d.Directories, runs, err
}

// SyncDirectory has a directory asked now; dry shows only what would change.
//
// Errors: Forbidden access.denied; NotFound directory.unknown_source; Busy engine.away.
func (d *Desk) SyncDirectory(ctx context.Context, who auth.Who, source string, dry bool) error {
	if err := need(who, access.OrganisationWrite, access.Object{}); err != nil {
		return err
	}
	if !slices.ContainsFunc(d.Directories, func(s DirectorySource) bool { return s.ID == source }) {
		return fault.New(fault.NotFound, "directory.unknown_source", fault.Arg("source", source))
	}
	return d.AskDirectory(ctx, workflows.DirectorySyncInput{Source: source, AskedBy: who.Person.ID, DryRun: dry})
}

// AgreeToDirectory lets those leave whom a held run would take away, and has the
// directory asked anew: whoever else would leave by then is held again.
//
// Errors: Forbidden access.denied; NotFound directory.unknown_run; Conflict
// directory.not_held; Busy engine.away, after which the next run does it.
func (d *Desk) AgreeToDirectory(ctx context.Context, who auth.Who, id string) error {
	if err := need(who, access.OrganisationWrite, access.Object{}); err != nil {
		return err
	}
	run, err := d.Store.DirectoryRun(ctx, id)
	if err != nil {
		return err
	}
	if err := d.Store.AgreeToDirectoryRun(ctx, id, who.Person.ID); err != nil {
		return err
	}
	return d.SyncDirectory(ctx, who, run.Source, false)
}
