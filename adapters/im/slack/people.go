package slack

import (
	"context"

	"github.com/slack-go/slack"

	"github.com/countersign/countersign/adapters/im/port"
)

// pageSize is how many people Slack recommends to ask for at once.
const pageSize = 200

// People lists one page of the workspace's people. Slack tells no employee number.
func (a *App) People(ctx context.Context, cursor string) (port.People, error) {
	asked := a.api.GetUsersPaginated(slack.GetUsersOptionLimit(pageSize))
	asked.Cursor = cursor
	got, err := asked.Next(ctx)
	if err := a.sorted(err, err == nil && got.Users == nil, false); err != nil {
		return port.People{}, err
	}
	page := port.People{People: []port.Person{}, Next: got.Cursor}
	for _, u := range got.Users {
		if u.IsBot || u.ID == "USLACKBOT" {
			continue
		}
		name := u.RealName
		if name == "" {
			name = u.Name
		}
		page.People = append(page.People, port.Person{ID: u.ID, Name: name, Email: u.Profile.Email, Active: !u.Deleted})
	}
	return page, nil
}
