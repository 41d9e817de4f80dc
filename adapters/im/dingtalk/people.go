package dingtalk

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"github.com/countersign/countersign/adapters/im/port"
)

// The root department, and how many people DingTalk lists at once.
const (
	rootDepartment = 1
	pageSize       = 100
)

// walk is where a list of people stands: DingTalk lists the departments below one,
// and the people in one. Who is in two departments is met twice.
type walk struct {
	Left   []int64 `json:"l"` // departments not listed yet, the first in part
	Cursor int64   `json:"c"` // within the first
}

// People lists one page of the people of one department.
func (a *App) People(ctx context.Context, cursor string) (port.People, error) {
	at := walk{Left: []int64{rootDepartment}}
	if cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || json.Unmarshal(text, &at) != nil || len(at.Left) == 0 {
			return port.People{}, port.Fault(port.CodeRefused, a.config.Name, "not a cursor")
		}
	}
	if at.Cursor == 0 {
		var below []struct {
			ID int64 `json:"dept_id"`
		}
		if err := a.callOld(ctx, "/topapi/v2/department/listsub", object{"dept_id": at.Left[0]}, &below); err != nil {
			return port.People{}, err
		}
		for _, d := range below {
			at.Left = append(at.Left, d.ID)
		}
	}
	people, err := a.members(ctx, &at)
	if err != nil {
		return port.People{}, err
	}
	page := port.People{People: people}
	if len(at.Left) > 0 {
		text, err := json.Marshal(at)
		if err != nil {
			return port.People{}, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
		page.Next = base64.RawURLEncoding.EncodeToString(text)
	}
	return page, nil
}

// members takes the next page of the first department's people.
func (a *App) members(ctx context.Context, at *walk) ([]port.Person, error) {
	var got struct {
		More bool  `json:"has_more"`
		Next int64 `json:"next_cursor"`
		List []struct {
			UserID    string `json:"userid"`
			Name      string `json:"name"`
			Email     string `json:"email"`
			WorkEmail string `json:"org_email"`
			JobNumber string `json:"job_number"`
			Active    bool   `json:"active"`
		} `json:"list"`
	}
	in := object{"dept_id": at.Left[0], "cursor": at.Cursor, "size": pageSize}
	if err := a.callOld(ctx, "/topapi/v2/user/list", in, &got); err != nil {
		return nil, err
	}
	people := make([]port.Person, 0, len(got.List))
	for _, u := range got.List {
		email := u.WorkEmail
		if email == "" {
			email = u.Email
		}
		people = append(people, port.Person{ID: u.UserID, Name: u.Name, Email: email, Employee: u.JobNumber,
			Active: u.Active})
	}
	if at.Cursor = got.Next; !got.More || got.Next == 0 {
		at.Left, at.Cursor = at.Left[1:], 0
	}
	return people, nil
}
