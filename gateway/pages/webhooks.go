package pages

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const webhooksAt = "/webhooks"

// webhookRoutes lists the pages of the systems that are told of events.
func webhookRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	one := webhooksAt + "/:endpoint"
	return []route{
		{method: get, path: webhooksAt, needs: access.WebhookRead, template: "webhooks", handle: webhooks},
		{method: get, path: one, needs: access.WebhookRead, template: "webhook", handle: showWebhook},
		{method: post, path: one, needs: access.WebhookManage, template: "webhook", handle: ruleEndpoint},
		{method: get, path: one + "/:no", needs: access.WebhookRead, template: "webhookmessage", handle: showMessage},
		{method: post, path: one + "/:no", needs: access.WebhookManage, template: "webhookmessage", handle: ruleMessage},
	}
}

func webhookAt(id string) string { return webhooksAt + "/" + url.PathEscape(id) }

// endpointView is a system that is told of events, as it is shown.
type endpointView struct {
	desk.Endpoint
	At, StateText, Why, By string
	Failing                bool

	Changed, Delivered, FailingSince, NextTry, Oldest stamp
}

func (v *visit) endpoint(e desk.Endpoint) endpointView {
	home := v.who.Person.Entity
	view := endpointView{
		Endpoint: e, At: webhookAt(e.Subscription.ID), StateText: v.t("page.webhooks.state." + e.State), Failing: e.Tries > 0,
		Changed: v.stamp(e.ChangedAt, home), Delivered: v.stamp(e.DeliveredAt, home),
		FailingSince: v.stamp(e.FailingSince, home), NextTry: v.stamp(e.NextTry, home), Oldest: v.stamp(e.OldestAt, home),
	}
	if e.Why != "" {
		view.Why = v.t("page.webhooks.why." + e.Why)
	}
	if e.ChangedBy != "" {
		view.By = v.name(e.ChangedBy)
	}
	return view
}

type webhooksView struct {
	Tabs financeTabs
	Rows []endpointView
}

// webhooks handles GET /webhooks.
func webhooks(v *visit) error {
	all, err := v.desk().Endpoints(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	view := webhooksView{}
	if view.Tabs, err = v.financeTabs("webhooks"); err != nil {
		return err
	}
	for _, e := range all {
		view.Rows = append(view.Rows, v.endpoint(e))
	}
	return v.show(http.StatusOK, v.t("page.webhooks.title"), view)
}

// messageView is one message to a system, as it is shown.
type messageView struct {
	store.WebhookMessage
	At, StateText, Answer, By string

	Made, Tried, Ruled stamp
}

func (v *visit) webhookMessage(m store.WebhookMessage) messageView {
	home := v.who.Person.Entity
	view := messageView{
		WebhookMessage: m, At: webhookAt(m.Endpoint) + "/" + strconv.FormatInt(m.No, 10),
		StateText: v.t("page.webhooks.message." + m.State), Made: v.stamp(m.MadeAt, home), Tried: v.stamp(m.TriedAt, home),
		Ruled: v.stamp(m.RuledAt, home),
	}
	if m.RuledBy != "" {
		view.By = v.name(m.RuledBy)
	}
	switch {
	case m.Tries > 0 && m.Status > 0:
		view.Answer = "HTTP " + strconv.Itoa(m.Status)
	case m.Tries > 0:
		view.Answer = v.t("page.webhooks.no_answer")
	}
	return view
}

type webhookView struct {
	endpointView
	MayRule  bool
	Rows     []messageView
	States   []string
	Filter   store.WebhookFilter
	Next     string
	Refused  string
	SinceDay string
}

// showWebhook handles GET /webhooks/:endpoint.
func showWebhook(v *visit) error { return v.webhookPage(http.StatusOK, webhookView{}) }

func (v *visit) webhookPage(status int, view webhookView) error {
	id := v.param("endpoint")
	e, err := v.desk().Endpoint(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	view.endpointView, view.MayRule = v.endpoint(e), v.may(access.WebhookManage, access.Object{})
	view.States = []string{store.MessageWaiting, store.MessageDelivered, store.MessageSkipped}
	view.Filter.Endpoint, view.Filter.State, view.Filter.Cursor = id, v.asked("state"), v.asked("cursor")
	page, err := v.desk().WebhookMessages(v.r.Context(), v.who, view.Filter)
	if err != nil {
		return err
	}
	for _, m := range page.Items {
		view.Rows = append(view.Rows, v.webhookMessage(m))
	}
	query := url.Values{}
	if view.Filter.State != "" {
		query.Set("state", view.Filter.State)
	}
	view.Next = nextAt(view.At, query, page.Next)
	return v.show(status, e.Title, view)
}

// ruleEndpoint handles POST /webhooks/:endpoint.
func ruleEndpoint(v *visit) error {
	id, do := v.param("endpoint"), v.asked("do")
	since, _ := time.ParseInLocation(time.DateOnly, v.asked("since"), v.zone(v.who.Person.Entity)) // the desk refuses none
	if _, err := v.desk().RuleEndpoint(v.r.Context(), v.who, id, desk.EndpointRuling(do), since); err != nil {
		return err
	}
	return v.leave(webhookAt(id), "webhook_"+do)
}

type webhookMessageView struct {
	messageView
	Title   string // of the system
	MayRule bool
	Body    string // "" where the reader may not know of the document
}

// showMessage handles GET /webhooks/:endpoint/:no.
func showMessage(v *visit) error {
	id, no := v.messageNamed()
	e, err := v.desk().Endpoint(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	m, body, err := v.desk().WebhookMessage(v.r.Context(), v.who, id, no)
	if err != nil {
		return err
	}
	var indented bytes.Buffer
	if len(body) > 0 {
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, v.t("page.webhooks.message", "no", strconv.FormatInt(no, 10)), webhookMessageView{
		messageView: v.webhookMessage(m), Title: e.Title, MayRule: v.may(access.WebhookManage, access.Object{}),
		Body: indented.String(),
	})
}

func (v *visit) messageNamed() (endpoint string, no int64) {
	no, _ = strconv.ParseInt(v.param("no"), 10, 64) // 0 is no message
	return v.param("endpoint"), no
}

// ruleMessage handles POST /webhooks/:endpoint/:no.
func ruleMessage(v *visit) error {
	id, no := v.messageNamed()
	do := v.asked("do")
	if err := v.desk().RuleWebhook(v.r.Context(), v.who, id, no, desk.MessageRuling(do)); err != nil {
		return err
	}
	return v.leave(webhookAt(id), "webhook_"+do)
}
