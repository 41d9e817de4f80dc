package feishu

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/countersign/countersign/adapters/im/port"
)

// walk is where a list of people stands: Feishu lists departments, and the people
// of each. Who is in two departments is met twice.
type walk struct {
	Left  []string `json:"l"` // departments of this page not listed yet, the first in part
	Users string   `json:"u"` // the next page of the first one's people
	Next  string   `json:"n"` // the next page of departments
	Last  bool     `json:"e"` // whether there is none
}

// People lists one page of the people of one department.
func (a *App) People(ctx context.Context, cursor string) (port.People, error) {
	at := walk{Left: []string{"0"}} // the root's own people first
	if cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || json.Unmarshal(text, &at) != nil {
			return port.People{}, port.Fault(port.CodeRefused, a.config.Name, "not a cursor")
		}
	}
	if len(at.Left) == 0 {
		if err := a.departments(ctx, &at); err != nil {
			return port.People{}, err
		}
	}
	page := port.People{People: []port.Person{}}
	if len(at.Left) > 0 {
		var err error
		if page.People, err = a.members(ctx, &at); err != nil {
			return port.People{}, err
		}
	}
	if len(at.Left) > 0 || !at.Last {
		text, err := json.Marshal(at)
		if err != nil {
			return port.People{}, port.Fault(port.CodeRefused, a.config.Name, err.Error())
		}
		page.Next = base64.RawURLEncoding.EncodeToString(text)
	}
	return page, nil
}

// departments takes the next page of all departments there are.
func (a *App) departments(ctx context.Context, at *walk) error {
	var got struct {
		HasMore   bool   `json:"has_more"`
		PageToken string `json:"page_token"`
		Items     []struct {
			ID string `json:"open_department_id"`
		} `json:"items"`
	}
	query := url.Values{"fetch_child": {"true"}, "page_size": {"50"}, "department_id_type": {"open_department_id"}}
	if at.Next != "" {
		query.Set("page_token", at.Next)
	}
	path := "/open-apis/contact/v3/departments/0/children?" + query.Encode()
	if err := a.call(ctx, request{http.MethodGet, path, false, nil}, &got); err != nil {
		return err
	}
	for _, d := range got.Items {
		at.Left = append(at.Left, d.ID)
	}
	at.Next, at.Last = got.PageToken, !got.HasMore || got.PageToken == ""
	return nil
}

// members takes the next page of the first department's people.
func (a *App) members(ctx context.Context, at *walk) ([]port.Person, error) {
	var got struct {
		HasMore   bool   `json:"has_more"`
		PageToken string `json:"page_token"`
		Items     []struct {
			OpenID     string `json:"open_id"`
			Name       string `json:"name"`
			Email      string `json:"email"`
			WorkEmail  string `json:"enterprise_email"`
			EmployeeNo string `json:"employee_no"`
			Status     struct {
				Frozen    bool `json:"is_frozen"`
				Resigned  bool `json:"is_resigned"`
				Exited    bool `json:"is_exited"`
				Activated bool `json:"is_activated"`
			} `json:"status"`
		} `json:"items"`
	}
	query := url.Values{"department_id": {at.Left[0]}, "department_id_type": {"open_department_id"},
		"user_id_type": {"open_id"}, "page_size": {"50"}}
	if at.Users != "" {
		query.Set("page_token", at.Users)
	}
	path := "/open-apis/contact/v3/users/find_by_department?" + query.Encode()
	if err := a.call(ctx, request{http.MethodGet, path, false, nil}, &got); err != nil {
		return nil, err
	}
	people := make([]port.Person, 0, len(got.Items))
	for _, u := range got.Items {
		email := u.WorkEmail
		if email == "" {
			email = u.Email
		}
		active := u.Status.Activated && !u.Status.Frozen && !u.Status.Resigned && !u.Status.Exited
		people = append(people, port.Person{ID: u.OpenID, Name: u.Name, Email: email, Employee: u.EmployeeNo, Active: active})
	}
	if at.Users = got.PageToken; !got.HasMore || got.PageToken == "" {
		at.Left, at.Users = at.Left[1:], ""
	}
	return people, nil
}
