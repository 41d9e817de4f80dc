// Package api speaks HTTP to programs: huma operations under /api/v1 that parse,
// ask the desk, and answer. There are no rules here.
package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// Base is where the API lies.
const Base = "/api/v1"

// readMax is how long the body of an ordinary request may take to arrive.
const readMax = 30 * time.Second

// API is the operations and what they ask.
type API struct {
	desk *desk.Desk
	huma huma.API
}

// Mount registers every operation on the engine, with /openapi.json and /docs.
func Mount(router *gin.Engine, d *desk.Desk, version string) *API {
	problem.Install()
	config := huma.DefaultConfig("Countersign", version)
	config.Info.Description = description
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks, config.Transformers = nil, nil // no $schema links
	config.RejectUnknownQueryParameters = true
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A token from POST /tokens: cs_…"},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-sid", Description: "The session of a signed-in browser"},
	}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	a := &API{desk: d, huma: humagin.New(router, config)}
	a.huma.UseMiddleware(a.signedIn)
	a.people()
	a.documents()
	a.forms()
	a.talk()
	a.copies()
	a.tasks()
	a.bulk()
	a.delegations()
	a.handovers()
	a.attachments()
	a.policies()
	a.advances()
	a.proofs()
	a.calendars()
	a.calendarProposals()
	a.proposals()
	a.reviews()
	a.replans()
	a.interventions()
	a.books()
	a.reversals()
	a.finance()
	a.reconciliations()
	a.masterData()
	a.webhooks()
	a.deliveries()
	a.exchanges()
	a.audit()
	a.imports()
	a.inbound()
	a.inboundSources()
	a.tokens()
	a.sessions()
	a.passkeys()
	a.lostPasskeys()
	a.wishes()
	a.grants()
	a.organisation()
	a.powers()
	a.certifications()
	router.GET("/docs", a.docs)
	return a
}

const description = `Every write takes an Idempotency-Key: the same key with the same request gives the first
answer again, with another request 422, while the first is running 409. Errors are RFC 9457 problems with a stable code;
their text is in the caller's language. What one may not know of is 404. Lists are read with a cursor.`

// OpenAPI is the document that is served at /openapi.json.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// signedIn lets nobody in whom nobody knows.
func (a *API) signedIn(ctx huma.Context, next func(huma.Context)) {
	if err := auth.Required(ctx.Context()); err != nil {
		_ = huma.WriteErr(a.huma, ctx, http.StatusUnauthorized, "", err) // huma logs what it cannot write
		return
	}
	next(ctx)
}

// operation describes one operation; tag groups it on the readable page.
type operation struct {
	id, method, path, tag, summary string
	status                         int // of success; 0 means 200
}

func (o operation) huma() huma.Operation {
	status := o.status
	if status == 0 {
		status = http.StatusOK
	}
	return huma.Operation{
		OperationID: o.id, Method: o.method, Path: Base + o.path, Tags: []string{o.tag}, Summary: o.summary,
		DefaultStatus: status, BodyReadTimeout: readMax,
	}
}

// add registers an operation with its handler.
func add[I, O any](a *API, o operation, handler func(context.Context, *I) (*O, error)) {
	huma.Register(a.huma, o.huma(), handler)
}

// alsoAccepted says in the document that a POST may answer 202 as well.
func (a *API) alsoAccepted(path, status string) {
	responses := a.huma.OpenAPI().Paths[Base+path].Post.Responses
	accepted := *responses[status]
	accepted.Description = "Recorded and signed; being applied. Ask again at Location."
	responses["202"] = &accepted
}

// Asked is part of every request.
type Asked struct {
	Lang string `query:"lang" enum:"zh-CN,en" doc:"Language of texts; else that of Accept-Language"`
}

// Keyed is part of every write.
type Keyed struct {
	Asked
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"200" doc:"The same key never does it twice"`
}

// keyOf makes the desk's form of a request's key: the route, and everything that
// was asked.
func keyOf(route, key string, asked ...any) desk.Key {
	return desk.Key{Route: route, Key: key, Body: asked}
}

// channel says how an act came.
func channel(who auth.Who) string {
	if who.Token != "" {
		return "api"
	}
	return "web"
}

// Paged is part of every request for a list.
type Paged struct {
	Asked
	Cursor string `query:"cursor" maxLength:"500" doc:"The next of the page before"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"Items a page, 20 where left out"`
}

// List is one page of a list.
type List[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty" doc:"Cursor of the page after; none at the end"`
	Total *int64 `json:"total,omitempty" doc:"How many there are, where it was asked for"`
}

func listOf[From, To any](items []From, next string, total *int64, each func(From) To) List[To] {
	list := List[To]{Items: make([]To, 0, len(items)), Next: next, Total: total}
	for _, item := range items {
		list.Items = append(list.Items, each(item))
	}
	return list
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
