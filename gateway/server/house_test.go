package server_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/files/disk"
	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/adapters/identity/oidc"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/gateway/server"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// house is the gateway on a real database, with an engine of ours in the place
// of Temporal. Every request and response is held against the served OpenAPI.
type house struct {
	t        testing.TB
	url      string
	store    *store.Store
	desk     *desk.Desk
	engine   *fakeEngine
	router   routers.Router
	tokens   map[string]string // by person
	options  openapi3filter.Options
	database string       // its address
	scim     http.Handler // what answers a directory, once a test made it
	im       *hooks.IM    // what hears messaging platforms: a test adds its apps
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, tokens: map[string]string{}}
	h.store, h.database = storetest.Open(t)
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer := evidence.Signer{KeyID: "test-1", Key: private}
	require.NoError(t, h.store.SavePublicKey(t.Context(), signer.KeyID, signer.Public()))
	h.furnish()
	kept, err := disk.Open(files.Config{Directory: t.TempDir()})
	require.NoError(t, err)
	h.engine = &fakeEngine{store: h.store}
	h.desk = &desk.Desk{Store: h.store, Organisation: h.store, Engine: h.engine, Signer: signer, Files: kept, AttachmentMax: 64 << 10}
	h.engine.desk = h.desk
	h.im = &hooks.IM{Desk: h.desk, Apps: map[string]hooks.App{}, Text: i18n.Shipped().Text}
	h.open()
	h.learnOpenAPI()
	return h
}

// furnish loads the demo company and everything that ships.
func (h *house) furnish() {
	company, err := config.DemoCompany()
	require.NoError(h.t, err)
	ghost := company.People["lin"]
	ghost.ID, ghost.Name, ghost.Active = "gone", "Gone", false
	company.People["gone"] = ghost
	second := company.People["admin"]
	second.ID, second.Email, second.Aliases = "admin2", "admin2@example.com", []string{"admin"}
	company.People["admin2"] = second
	_, err = h.store.ReplaceOrganisation(h.t.Context(), company, "test")
	require.NoError(h.t, err)
	for folder, kind := range map[string]string{"types": "type", "policies": "policy", "mappings": "mapping"} {
		names, err := fs.Glob(config.Shipped, folder+"/*.yaml")
		require.NoError(h.t, err)
		for _, name := range names {
			text, err := config.Shipped.ReadFile(name)
			require.NoError(h.t, err)
			id := strings.TrimSuffix(path.Base(name), ".yaml")
			hash, err := evidence.HashOf(string(text))
			require.NoError(h.t, err)
			_, err = h.store.PublishPolicy(h.t.Context(), store.PolicyRow{Kind: kind, ID: id, Hash: hash, YAML: string(text)})
			require.NoError(h.t, err)
		}
	}
}

func (h *house) open() {
	var handler http.Handler
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	h.t.Cleanup(listener.Close)
	h.url = listener.URL
	issuer, err := devissuer.New(devissuer.Config{
		Mode: "dev", Public: h.url, Listen: strings.TrimPrefix(h.url, "http://"), Secret: "dev-secret",
	}, func(ctx context.Context) ([]devissuer.Choice, error) {
		snapshot, err := h.store.Snapshot(ctx, 0)
		if err != nil {
			return nil, err
		}
		return devissuer.Listed(snapshot), nil
	})
	require.NoError(h.t, err)
	provider, err := oidc.Open(identity.Config{
		ID: "dev", Issuer: issuer.Issuer(), ClientID: devissuer.ClientID, ClientSecret: "dev-secret",
	})
	require.NoError(h.t, err)
	who, err := auth.New(auth.Config{Public: h.url, DevIssuer: issuer.Issuer()}, h.store, h.store.Sessions(), provider)
	require.NoError(h.t, err)
	face, err := pages.New(pages.Deps{Desk: h.desk, SignIn: who})
	require.NoError(h.t, err)
	handler, err = server.New(server.Deps{
		Pages: func(router *gin.Engine) { face.Register(router) },
		Desk:  h.desk, Auth: who, Version: "test", DevIssuer: issuer, Rate: server.Rate{PerSecond: -1},
		Checks: []server.Check{{Name: "temporal", Ask: h.engine.check}},
		Hooks:  []server.Hook{h.inboundHook, h.im.Mount},
		SCIM:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.scim.ServeHTTP(w, r) }),
	})
	require.NoError(h.t, err)
}

func (h *house) learnOpenAPI() {
	status, body, _ := h.raw("GET", "/openapi.json", nil, nil)
	require.Equal(h.t, 200, status)
	doc, err := openapi3.NewLoader().LoadFromData(body)
	require.NoError(h.t, err)
	require.NoError(h.t, doc.Validate(h.t.Context()))
	doc.Servers = openapi3.Servers{{URL: h.url}}
	h.router, err = gorillamux.NewRouter(doc)
	require.NoError(h.t, err)
	h.options = openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true,
	}
	for _, media := range []string{"application/x-ndjson", "text/csv", "application/pdf"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
}

// token makes a token of a person, with every scope.
func (h *house) token(person string) string {
	if token, ok := h.tokens[person]; ok {
		return token
	}
	token, hash := auth.NewToken()
	_, err := h.store.CreateToken(h.t.Context(), store.Token{
		Hash: hash, Person: person, Name: "test", ExpiresAt: time.Now().Add(time.Hour), Scopes: []string{
			"document:*", "task:*", "voucher:*", "effect:*", "plan:*", "policy:*", "calendar:*", "import:*", "people:*",
			"organisation:*", "audit:*", "metrics:*", "delegation:*", "copy:*", "grant:*", "inbound:*",
			"document:intervene", "organisation:write", "grant:request", "grant:decide",
		},
	})
	require.NoError(h.t, err)
	h.tokens[person] = token
	return token
}

// raw sends a request and reads the answer, unchecked.
func (h *house) raw(method, where string, body io.Reader, header http.Header) (int, []byte, http.Header) {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), method, h.url+where, body)
	require.NoError(h.t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(h.t, err)
	defer response.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	return response.StatusCode, answer, response.Header
}

// call is a request by a person, and what came back.
type call struct {
	as, method, path string
	body             any    // nil, an io.Reader, or something for JSON
	media            string // of an io.Reader
	key              string // Idempotency-Key
	accept           string // Accept-Language
	wrong            bool   // the request is meant to break the document
	session          *http.Client
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	body   []byte
	header http.Header
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	require.NoError(a.t, json.Unmarshal(a.body, &v), string(a.body))
	return v
}

func (a answer) text(name string) string {
	a.t.Helper()
	text, _ := a.json()[name].(string)
	return text
}

// is holds the status, and shows the body where it is another one.
func (a answer) is(status int) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, string(a.body))
	return a
}

// refused holds status and code of a problem.
func (a answer) refused(status int, code string) answer {
	a.t.Helper()
	a.is(status)
	require.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(a.t, code, a.text("code"), string(a.body))
	return a
}

// do sends a call and holds request and response against the OpenAPI document.
func (h *house) do(c call) answer {
	h.t.Helper()
	payload := payloadOf(h.t, c)
	request, err := http.NewRequestWithContext(h.t.Context(), c.method, h.url+"/api/v1"+c.path, bytes.NewReader(payload))
	require.NoError(h.t, err)
	if payload == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	} else if c.media != "" {
		request.Header.Set("Content-Type", c.media)
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.as != "" {
		request.Header.Set("Authorization", "Bearer "+h.token(c.as))
	}
	if c.key != "" {
		request.Header.Set("Idempotency-Key", c.key)
	}
	request.Header.Set("Accept-Language", c.accept)
	request.Header.Set("Sec-Fetch-Site", "same-origin") // as a browser says of our own pages
	input := h.checkRequest(request, payload, c.wrong)
	response, err := cmp.Or(c.session, http.DefaultClient).Do(request)
	require.NoError(h.t, err)
	defer response.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	h.checkResponse(input, response, body)
	return answer{t: h.t, status: response.StatusCode, body: body, header: response.Header}
}

func payloadOf(t testing.TB, c call) []byte {
	t.Helper()
	switch body := c.body.(type) {
	case nil:
		return nil
	case io.Reader:
		payload, err := io.ReadAll(body)
		require.NoError(t, err)
		return payload
	case string:
		return []byte(body)
	}
	payload, err := json.Marshal(c.body)
	require.NoError(t, err)
	return payload
}

func (h *house) checkRequest(request *http.Request, payload []byte, wrong bool) *openapi3filter.RequestValidationInput {
	h.t.Helper()
	copied := request.Clone(request.Context())
	copied.Body = io.NopCloser(bytes.NewReader(payload))
	route, parameters, err := h.router.FindRoute(copied)
	require.NoError(h.t, err, request.URL.Path)
	input := &openapi3filter.RequestValidationInput{Request: copied, PathParams: parameters, Route: route, Options: &h.options}
	if !wrong {
		require.NoError(h.t, openapi3filter.ValidateRequest(h.t.Context(), input))
	}
	return input
}

func (h *house) checkResponse(input *openapi3filter.RequestValidationInput, response *http.Response, body []byte) {
	h.t.Helper()
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: response.StatusCode, Header: response.Header, Options: &h.options,
	}
	output.SetBodyBytes(body)
	require.NoError(h.t, openapi3filter.ValidateResponse(h.t.Context(), output), "%s", body)
}

// fakeEngine stands in for Temporal: the real core over the real record, without
// anything that waits.
type fakeEngine struct {
	store *store.Store
	desk  *desk.Desk

	mutex sync.Mutex
	away  bool // Temporal cannot be reached
	slow  bool // nobody answers in time

	amend []string // of every step, set before anything starts
}

func (e *fakeEngine) is(away, slow bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.away, e.slow = away, slow
}

func (e *fakeEngine) state() (away, slow bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.away, e.slow
}

func (e *fakeEngine) check(context.Context) error {
	if away, _ := e.state(); away {
		return fault.New(fault.Busy, "engine.away")
	}
	return nil
}

// Start routes the document at once.
func (e *fakeEngine) Start(ctx context.Context, in engine.StartRequest) error {
	if err := e.check(ctx); err != nil {
		return err
	}
	company, err := e.store.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	who := auth.Who{Person: company.People[in.Submitter], Subject: access.SubjectOf(company, in.Submitter)}
	plan, err := e.desk.Route(ctx, who, in.Document)
	if err != nil {
		return err
	}
	for i := range plan.Steps {
		plan.Steps[i].Allow, plan.Steps[i].Amend = append(plan.Steps[i].Allow, "amend"), e.amend
	}
	_, err = e.apply(ctx, in.Document, approval.Planned{Plan: plan})
	return err
}

// Deliver judges and records an act.
func (e *fakeEngine) Deliver(ctx context.Context, a approval.Act) (approval.Outcome, error) {
	away, slow := e.state()
	if away {
		return approval.Outcome{}, fault.New(fault.Busy, "engine.away")
	}
	if slow {
		return approval.Outcome{}, fault.New(fault.Unknown, "act.pending")
	}
	return e.apply(ctx, a.Document, a)
}

func (e *fakeEngine) apply(ctx context.Context, id string, c approval.Command) (approval.Outcome, error) {
	events, err := e.store.Events(ctx, id, 0, 0)
	if err != nil {
		return approval.Outcome{}, err
	}
	state, err := approval.FoldAll(events)
	if err != nil {
		return approval.Outcome{}, err
	}
	drafts, err := state.Judge(c, time.Now())
	if err != nil {
		return approval.Outcome{}, err
	}
	request := approval.RecordRequest{
		Document: id, Expected: state.Seq, Cause: c.Cause(), Drafts: drafts, Copies: state.CopiesDue(c, drafts),
	}
	if act, ok := c.(approval.Act); ok {
		request.Act = &act
	}
	recorded, err := e.store.Record(ctx, request, stamp)
	return recorded.Outcome, err
}

var _ desk.Engine = (*fakeEngine)(nil)
