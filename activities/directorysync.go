package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	adapter "github.com/countersign/countersign/adapters/directory"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// Directories are the activities that ask companies' directories.
type Directories struct {
	Book    DirectoryBook
	Sources map[string]DirectorySource // by id
}

// DirectorySource is one directory, and what of it becomes our organisation.
type DirectorySource struct {
	Port  adapter.Source
	Rules directory.Rules
	Stop  directory.Stop // more leavers are held
}

// DirectoryBook is the part of the store that Directories need.
type DirectoryBook interface {
	BeginDirectoryRun(ctx context.Context, r store.DirectoryRun) error
	EndDirectoryRun(ctx context.Context, r store.DirectoryRun) error
	DirectoryRun(ctx context.Context, id string) (store.DirectoryRun, error)
	DirectoryEntries(ctx context.Context, source string) ([]directory.Resource, error)
	Directory(ctx context.Context, window time.Duration) (store.DirectoryState, error)
	AgreedLeavers(ctx context.Context, source string) ([]string, error)
	WriteDirectory(ctx context.Context, in store.DirectoryWrite) (directory.Resource, error)
}

// SyncDirectoryInput says which directory to ask.
type SyncDirectoryInput struct {
	Run     string `json:"run"`
	Source  string `json:"source"`
	AskedBy string `json:"asked_by,omitempty"`
	DryRun  bool   `json:"dry_run,omitempty"`
}

// DirectoryRun is how a run ended; who it was about is in our own database.
type DirectoryRun struct {
	Run     string `json:"run"`
	State   string `json:"state"`
	Joins   int    `json:"joins"`
	Changes int    `json:"changes"`
	Leaves  int    `json:"leaves"`
	Refused int    `json:"refused"`
	Code    string `json:"code,omitempty"`
}

// FailDirectoryInput says what a run failed with for good.
type FailDirectoryInput struct {
	Run    string `json:"run"`
	Source string `json:"source"`
	Code   string `json:"code"`
}

// SyncDirectory asks a directory for everybody, compares, and writes what differs:
// each person or group in a transaction of its own, so what could not be carried out
// holds up nobody else. Too many leavers hold up everything until an administrator
// agrees.
//
// Safe to repeat: what is written already is no difference any more. A listing that is
// refused is an answer. Errors: Busy directory.unavailable, and where our own database
// is away.
func (d *Directories) SyncDirectory(ctx context.Context, in SyncDirectoryInput) (DirectoryRun, error) {
	defer alive(ctx)()
	run := store.DirectoryRun{ID: in.Run, Source: in.Source, AskedBy: in.AskedBy, DryRun: in.DryRun}
	err := d.Book.BeginDirectoryRun(ctx, run)
	if fault.CodeOf(err) == "directory.running" {
		return DirectoryRun{Run: in.Run, State: store.RunFailed, Code: fault.CodeOf(err)}, nil
	}
	if err != nil {
		return DirectoryRun{}, answer(ctx, err)
	}
	source, known := d.Sources[in.Source]
	if !known {
		err = fault.New(fault.NotFound, "directory.unknown_source", fault.Arg("source", in.Source))
	} else {
		err = d.pull(ctx, &run, source)
	}
	switch kind := fault.KindOf(err); {
	case err == nil:
	case kind == fault.Busy || kind == fault.Unknown || kind == fault.Internal:
		return DirectoryRun{}, answer(ctx, err)
	default:
		run.State, run.Fault = store.RunFailed, inWords(err)
	}
	if err := d.Book.EndDirectoryRun(ctx, run); err != nil {
		return DirectoryRun{}, answer(ctx, err)
	}
	return told(run), nil
}

// FailDirectory notes that a run failed for good.
//
// Safe to repeat.
func (d *Directories) FailDirectory(ctx context.Context, in FailDirectoryInput) (DirectoryRun, error) {
	run := store.DirectoryRun{ID: in.Run, Source: in.Source, State: store.RunFailed, Fault: in.Code}
	if err := d.Book.EndDirectoryRun(ctx, run); err != nil {
		return DirectoryRun{}, answer(ctx, err)
	}
	return told(run), nil
}

func told(r store.DirectoryRun) DirectoryRun {
	return DirectoryRun{Run: r.ID, State: r.State, Joins: r.Joins, Changes: r.Changes, Leaves: r.Leaves,
		Refused: r.Refused, Code: r.Fault}
}

// pull asks, compares, and carries out what may be.
func (d *Directories) pull(ctx context.Context, run *store.DirectoryRun, source DirectorySource) error {
	listing, differences, err := d.Compare(ctx, run, source)
	if err != nil {
		return err
	}
	held, err := d.heldBack(ctx, run, source)
	switch {
	case err != nil:
		return err
	case run.DryRun:
		run.State = store.RunShown
	case held:
		run.State = store.RunHeld
	default:
		run.State = store.RunDone
		return d.carryOut(ctx, run, source, listing, differences)
	}
	return nil
}

// Compare asks a directory and says what it tells otherwise than is known, on the run;
// it writes nothing.
func (d *Directories) Compare(ctx context.Context, run *store.DirectoryRun, source DirectorySource) (
	directory.Listing, []directory.Difference, error) {
	listing, err := source.Port.List(ctx)
	if err == nil {
		err = listing.Check()
	}
	if err != nil {
		return listing, nil, err
	}
	known, err := d.Book.DirectoryEntries(ctx, run.Source)
	if err != nil {
		return listing, nil, err
	}
	all := directory.Compare(listing, known)
	run.Joins, run.Changes, run.Leaves = directory.Counts(all)
	run.Listed, run.Sum = len(listing.Users)+len(listing.Groups), listing.Sum
	run.Differences, run.Leavers = all, directory.Leavers(all)
	return listing, all, nil
}

// heldBack says whether so many would leave that an administrator is asked first, with
// those who left of late; and nobody agreed that these leave.
func (d *Directories) heldBack(ctx context.Context, run *store.DirectoryRun, source DirectorySource) (bool, error) {
	now, err := d.Book.Directory(ctx, source.Stop.Window)
	run.Active = now.Active
	if err != nil || !source.Stop.Exceeded(now.Left+run.Leaves, now.Active+now.Left) || run.Leaves == 0 {
		return false, err
	}
	agreed, err := d.Book.AgreedLeavers(ctx, run.Source)
	return slices.ContainsFunc(run.Leavers, func(key string) bool { return !slices.Contains(agreed, key) }), err
}

// carryOut writes the differences: first as they are, then, where people joined, once
// more for whose managers and groups they are.
func (d *Directories) carryOut(ctx context.Context, run *store.DirectoryRun, source DirectorySource,
	listing directory.Listing, all []directory.Difference) error {
	if err := d.write(ctx, run, source, all); err != nil || run.Joins == 0 {
		return err
	}
	known, err := d.Book.DirectoryEntries(ctx, run.Source)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(directory.Compare(listing, known), func(again directory.Difference) bool {
		return slices.ContainsFunc(all, func(was directory.Difference) bool {
			return was.Kind == again.Kind && was.Key == again.Key && was.Fault != ""
		})
	})
	return d.write(ctx, run, source, rest)
}

func (d *Directories) write(ctx context.Context, run *store.DirectoryRun, source DirectorySource,
	all []directory.Difference) error {
	// It was judged as a whole.
	never := directory.Stop{Percent: 100, AtLeast: directory.ListingMost, Window: source.Stop.Window}
	for i := range all {
		next := all[i].Next
		_, err := d.Book.WriteDirectory(ctx, store.DirectoryWrite{
			Kind: all[i].Kind, ID: all[i].ID, Verb: "sync", Actor: "sync:" + run.Source, Source: run.Source,
			Rules: source.Rules, Stop: never,
			Edit: func(before directory.Resource) (directory.Resource, error) {
				if before.ID == "" {
					return next, nil
				}
				before.Attributes, before.Members = next.Attributes, next.Members
				return before, nil
			},
		})
		switch kind := fault.KindOf(err); {
		case err == nil:
			run.Applied++
		case fault.CodeOf(err) == "scim.stopped" || kind == fault.Invalid || kind == fault.Conflict || kind == fault.NotFound:
			run.Refused++
			all[i].Fault = fault.CodeOf(err)
		default:
			return err
		}
	}
	return nil
}

// inWords is a fault's code, and what it says of itself: for people, who cannot see our
// log.
func inWords(err error) string {
	words := fault.CodeOf(err)
	var f *fault.Fault
	if errors.As(err, &f) {
		for _, name := range []string{"at", "key", "why"} {
			if value := f.Args[name]; value != "" {
				words += " " + value
			}
		}
	}
	return words
}
