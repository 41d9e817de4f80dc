package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

func (a *API) deliveries() {
	const tag = "Deliveries"
	add(a, operation{"list-deliveries", http.MethodGet, "/deliveries", tag,
		"How people were told, the newest first: for operators, administrators and auditors", 0}, a.listDeliveries)
	add(a, operation{"list-unreached", http.MethodGet, "/deliveries/unreached", tag,
		"Whom no message reaches, and why", 0}, a.listUnreached)
	add(a, operation{"reach-again", http.MethodPost, "/deliveries/unreached/{person}", tag,
		"Say that somebody can be reached again: their address is mended, or works again", 0}, a.reachAgain)
}

// Delivery is one message to one person.
type Delivery struct {
	ID      string     `json:"id"`
	Person  string     `json:"person"`
	Shape   string     `json:"shape" enum:"one,several,digest,again"`
	Urgency string     `json:"urgency" enum:"urgent,ordinary,news"`
	Channel string     `json:"channel,omitempty" enum:"app,mail" doc:"By which it was tried last"`
	State   string     `json:"state" enum:"waiting,delivered,failed,held,moot"`
	Notices int        `json:"notices" doc:"How many it tells of"`
	First   []string   `json:"documents" nullable:"false" doc:"Of the first of them, by number"`
	Tries   int        `json:"tries"`
	MadeAt  *time.Time `json:"made_at"`
	TriedAt *time.Time `json:"tried_at,omitempty"`
	Code    string     `json:"code,omitempty" doc:"Why the last try failed"`
	Why     string     `json:"why,omitempty" doc:"The same in words"`
}

func deliveryOf(ctx context.Context, d store.Delivery) Delivery {
	out := Delivery{ID: d.ID, Person: d.Person, Shape: d.Shape, Urgency: string(d.Urgency), Channel: string(d.Channel),
		State: d.State, Notices: len(d.Notices), First: []string{}, Tries: d.Tries, MadeAt: instant(d.MadeAt),
		TriedAt: instant(d.TriedAt)}
	for _, n := range d.All {
		if number := n.Data["number"]; number != "" {
			out.First = append(out.First, number)
		}
	}
	out.Code, out.Why = whyOf(ctx, desk.Answered(d))
	return out
}

func whyOf(ctx context.Context, f *fault.Fault) (code, text string) {
	if f == nil {
		return "", ""
	}
	return f.Code, problem.Text(ctx, f)
}

// DeliveriesInput narrows a list of messages.
type DeliveriesInput struct {
	Asked
	Person   string    `query:"person" maxLength:"200" doc:"Account, e-mail address or whole name"`
	Channel  string    `query:"channel" enum:"app,mail"`
	State    string    `query:"state" enum:"waiting,delivered,failed,held,moot"`
	Document string    `query:"document" maxLength:"64" doc:"Id or number"`
	Since    time.Time `query:"since" doc:"Made at or after"`
	Cursor   string    `query:"cursor" maxLength:"500"`
}

// DeliveriesOutput is a page of messages.
type DeliveriesOutput struct{ Body List[Delivery] }

// listDeliveries handles GET /deliveries.
func (a *API) listDeliveries(ctx context.Context, in *DeliveriesInput) (*DeliveriesOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.Deliveries(ctx, who, store.DeliveryFilter{Person: in.Person, State: in.State,
		Channel: in.Channel, Document: in.Document, Since: in.Since, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	return &DeliveriesOutput{Body: listOf(page.Items, page.Next, nil, func(d store.Delivery) Delivery {
		return deliveryOf(ctx, d)
	})}, nil
}

// Unreached is somebody whom no message reaches.
type Unreached struct {
	Person  string     `json:"person"`
	Address string     `json:"address,omitempty" doc:"That letters go to"`
	Since   *time.Time `json:"since"`
	Held    int        `json:"held" doc:"Notices that wait for them"`
	Code    string     `json:"code"`
	Why     string     `json:"why"`
}

// UnreachedOutput lists them.
type UnreachedOutput struct{ Body List[Unreached] }

// listUnreached handles GET /deliveries/unreached.
func (a *API) listUnreached(ctx context.Context, _ *Asked) (*UnreachedOutput, error) {
	who, _ := auth.Of(ctx)
	all, err := a.desk.Unreached(ctx, who)
	if err != nil {
		return nil, err
	}
	return &UnreachedOutput{Body: listOf(all, "", nil, func(u desk.Unreached) Unreached {
		out := Unreached{Person: u.Person, Address: u.Address, Since: instant(u.Since), Held: u.Held}
		out.Code, out.Why = whyOf(ctx, u.Why)
		return out
	})}, nil
}

// ReachAgainInput is whom somebody says it of.
type ReachAgainInput struct {
	Asked
	Person string `path:"person" maxLength:"200"`
}

// reachAgain handles POST /deliveries/unreached/{person}.
func (a *API) reachAgain(ctx context.Context, in *ReachAgainInput) (*UnreachedOutput, error) {
	who, _ := auth.Of(ctx)
	if err := a.desk.ReachAgain(ctx, who, in.Person); err != nil {
		return nil, err
	}
	return a.listUnreached(ctx, &in.Asked)
}
