package relay

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

const (
	syncPause    = time.Minute // before a matching that failed is tried again
	syncTimeMax  = 10 * time.Minute
	syncPagesMax = 10_000
)

// Match matches the people of every app with ours where it is time to.
func (c *Cards) Match(ctx context.Context) {
	for _, app := range c.Apps {
		due, err := c.Book.ClaimIMSync(ctx, app.Port.Name(), app.SyncEvery)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "it was not found out whether people are to be matched", "error", err.Error())
		}
		if !due {
			continue
		}
		sync := store.IMSync{App: app.Port.Name()}
		if err := c.match(ctx, app, &sync); err != nil {
			sync.Failure, sync.Code = err.Error(), fault.CodeOf(err)
			slog.WarnContext(ctx, "people were not matched", "app", sync.App, "error", sync.Failure)
		}
		if err := c.Book.EndIMSync(context.WithoutCancel(ctx), sync, syncPause); err != nil {
			slog.ErrorContext(ctx, "a matching of people was not written", "app", sync.App, "error", err.Error())
		}
	}
}

// errNobody stops a platform that lists nobody from unlinking everybody.
var errNobody = errors.New("the platform lists nobody: no link is changed")

func (c *Cards) match(ctx context.Context, app CardApp, sync *store.IMSync) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeMax)
	defer cancel()
	var all []im.Person
	cursor := ""
	for range syncPagesMax {
		page, err := app.Port.People(ctx, cursor)
		if err != nil {
			return err
		}
		all = append(all, page.People...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if cursor != "" {
		return errors.New("the platform's list does not end")
	}
	if len(all) == 0 {
		return errNobody
	}
	people, err := c.Mail.Directory.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	links := matched(app.Port.Name(), all, people)
	sync.Found, sync.Linked = len(all), len(links)
	return c.Book.FollowIMPeople(ctx, app.Port.Name(), links)
}

// matched finds who of theirs is who of ours, by the work address, then by the
// employee number, which is a person's id here. What is not one to one links nobody.
func matched(app string, theirs []im.Person, ours *org.Snapshot) []store.IMLink {
	byEmail := map[string][]string{}
	for id, p := range ours.People {
		if address := strings.ToLower(p.Email); p.Active && address != "" {
			byEmail[address] = append(byEmail[address], id)
		}
	}
	found, platforms := map[string][]store.IMLink{}, map[string]bool{}
	for _, p := range theirs {
		if !p.Active || platforms[p.ID] {
			continue
		}
		platforms[p.ID] = true
		link := store.IMLink{App: app, Platform: p.ID}
		if ids := byEmail[strings.ToLower(p.Email)]; p.Email != "" && len(ids) == 1 {
			link.Person, link.How = ids[0], store.IMByEmail
		} else if p.Email == "" && p.Employee != "" && ours.People[p.Employee].Active {
			link.Person, link.How = p.Employee, store.IMByEmployee
		}
		if link.Person != "" {
			found[link.Person] = append(found[link.Person], link)
		}
	}
	var links []store.IMLink
	for _, of := range found {
		if len(of) == 1 {
			links = append(links, of[0])
		}
	}
	return links
}
