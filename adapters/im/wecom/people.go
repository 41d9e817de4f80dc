package wecom

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

const statusActive = 1 // 已激活; 2 is disabled, 4 never came, 5 left

type member struct {
	ID     string `json:"userid"`
	Name   string `json:"name"`
	Mail   string `json:"email"`
	Work   string `json:"biz_mail"`
	Status int    `json:"status"`
	More   struct {
		Attributes []struct {
			Name string `json:"name"`
			Text struct {
				Value string `json:"value"`
			} `json:"text"`
		} `json:"attrs"`
	} `json:"extattr"`
}

// People lists the members of one department a page, in the order of their ids.
// Somebody in two departments comes twice.
func (a *App) People(ctx context.Context, cursor string) (port.People, error) {
	var departments struct {
		Departments []struct {
			ID int `json:"id"`
		} `json:"department_id"`
	}
	if err := a.ask(ctx, request{path: "/cgi-bin/department/simplelist"}, &departments); err != nil {
		return port.People{}, err
	}
	var ids []int
	for _, d := range departments.Departments {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	from, _ := strconv.Atoi(cursor) // no number is the first page
	at, _ := slices.BinarySearch(ids, from)
	if at >= len(ids) {
		return port.People{}, nil
	}
	var listed struct {
		Members []member `json:"userlist"`
	}
	query := url.Values{"department_id": {strconv.Itoa(ids[at])}}
	if err := a.ask(ctx, request{path: "/cgi-bin/user/list", query: query}, &listed); err != nil {
		return port.People{}, err
	}
	page := port.People{}
	for _, m := range listed.Members {
		page.People = append(page.People, a.person(m))
	}
	if at+1 < len(ids) {
		page.Next = strconv.Itoa(ids[at+1])
	}
	return page, nil
}

func (a *App) person(m member) port.Person {
	p := port.Person{ID: m.ID, Name: m.Name, Email: m.Work, Active: m.Status == statusActive}
	if a.config.Options["email_field"] == "email" {
		p.Email = m.Mail
	}
	for _, attribute := range m.More.Attributes {
		if name := a.config.Options["employee_attribute"]; name != "" && attribute.Name == name {
			p.Employee = attribute.Text.Value
		}
	}
	return p
}

// SignInURL is WeCom's page that knows who opened it.
func (a *App) SignInURL(at port.Attempt) string {
	return a.authorize + "?" + url.Values{
		"appid": {a.config.Tenant}, "redirect_uri": {at.Redirect}, "response_type": {"code"},
		"scope": {"snsapi_base"}, "state": {at.State}, "agentid": {a.config.App},
	}.Encode() + "#wechat_redirect"
}

// WhoIs gives the member a code is for.
func (a *App) WhoIs(ctx context.Context, code string, _ port.Attempt) (string, error) {
	var got struct {
		ID string `json:"userid"`
	}
	err := a.ask(ctx, request{path: "/cgi-bin/auth/getuserinfo", query: url.Values{"code": {code}}}, &got)
	if err != nil {
		return "", notTheirs(a.config.Name, err)
	}
	if got.ID == "" { // somebody outside the company
		return "", port.Fault(port.CodeNotTheirs, a.config.Name, "")
	}
	return got.ID, nil
}

// notTheirs turns a refusal of a code into what the port promises.
func notTheirs(app string, err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		return port.Fault(port.CodeNotTheirs, app, f.Args["words"])
	}
	return err
}
