package pages_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"html"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/files/disk"
	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// house is the pages on a real database, with an engine of ours in the place of
// Temporal, and a door that believes whom a request names.
type house struct {
	t       *testing.T
	store   *store.Store
	desk    *desk.Desk
	engine  *fakeEngine
	handler http.Handler
	locale  string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	gin.SetMode(gin.TestMode)
	h := &house{t: t, store: storetest.New(t), locale: i18n.English}
	_, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	signer := evidence.Signer{KeyID: "test-1", Key: private}
	require.NoError(t, h.store.SavePublicKey(t.Context(), signer.KeyID, signer.Public()))
	h.furnish()
	kept, err := disk.Open(files.Config{Directory: t.TempDir()})
	require.NoError(t, err)
	h.engine = &fakeEngine{store: h.store, rules: approval.RulesNow}
	h.desk = &desk.Desk{Store: h.store, Organisation: h.store, Engine: h.engine, Signer: signer, Files: kept, AttachmentMax: 64 << 10}
	h.engine.desk = h.desk
	all, err := pages.New(pages.Deps{Desk: h.desk, SignIn: door{}})
	require.NoError(t, err)
	router := gin.New()
	all.Mount(router)
	router.NoRoute(func(c *gin.Context) {
		problem.Write(c.Writer, c.Request, fault.New(fault.NotFound, "request.no_such_route"))
	})
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := i18n.With(r.Context(), i18n.Negotiate(r))
		if person := r.Header.Get("X-As"); person != "" {
			snapshot, err := h.store.Snapshot(ctx, 0)
			require.NoError(t, err)
			ctx = auth.With(ctx, auth.Who{Person: snapshot.People[person], Subject: access.SubjectOf(snapshot, person),
				Session: r.Header.Get("X-Session")})
		}
		router.ServeHTTP(w, r.WithContext(ctx))
	})
	return h
}

type door struct{}

func (door) Choices(string) []auth.Choice {
	return []auth.Choice{{ID: "dev", Title: "Dev <b>", Path: "/login/dev"}, {ID: "b", Title: "B", Path: "/login/b", Away: true}}
}

func (door) Straight(agent string) (string, bool) { return "/login/b", agent == "wxwork" }

func (door) Leave(context.Context) (string, error) { return "https://idp.example/bye?a=b&c=d", nil }

func (door) Hold(context.Context, string, url.Values) error { return nil }

func (door) HeldFor(context.Context, string) (url.Values, bool) { return nil, false }

func (door) Drop(context.Context) {}

// furnish loads the demo company and everything that ships.
func (h *house) furnish() {
	company, err := config.DemoCompany()
	require.NoError(h.t, err)
	_, err = h.store.ReplaceOrganisation(h.t.Context(), company, "test")
	require.NoError(h.t, err)
	calendars, err := calendar.Shipped()
	require.NoError(h.t, err)
	for _, c := range calendars {
		require.NoError(h.t, h.store.ShipCalendar(h.t.Context(), c))
	}
	for folder, kind := range map[string]string{"types": "type", "policies": "policy", "mappings": "mapping"} {
		names, err := fs.Glob(config.Shipped, folder+"/*.yaml")
		require.NoError(h.t, err)
		for _, name := range names {
			raw, err := config.Shipped.ReadFile(name)
			require.NoError(h.t, err)
			hash, err := evidence.HashOf(string(raw))
			require.NoError(h.t, err)
			id := strings.TrimSuffix(path.Base(name), ".yaml")
			_, err = h.store.PublishPolicy(h.t.Context(), store.PolicyRow{Kind: kind, ID: id, Hash: hash, YAML: string(raw)})
			require.NoError(h.t, err)
		}
	}
}

// page is what came back.
type page struct {
	t      *testing.T
	status int
	body   string
	header http.Header
}

var (
	rawKey   = regexp.MustCompile(`\b(page|status|task|act|notice|fault|ruling|role|mode|urgency|reason|actor)\.[a-z_.]+`)
	codes    = regexp.MustCompile(`<p class="sub code">[^<]*</p>`) // of error pages, for whoever is asked for help
	tags     = regexp.MustCompile(`(?s)<script.*?</script>|<style.*?</style>|<[^>]*>`)
	hidden   = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	quoted   = regexp.MustCompile(`"[^"]*"`)
	inlineJS = regexp.MustCompile(`(?i)<[a-z][^>]*\s(on[a-z]+|style)=`)
)

func (h *house) send(request *http.Request, as string) page {
	h.t.Helper()
	request.Header.Set("X-As", as)
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Accept-Language", h.locale)
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, request)
	p := page{t: h.t, status: w.Code, body: w.Body.String(), header: w.Header()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && w.Code != http.StatusSeeOther {
		at := request.URL.Path
		require.NotRegexp(h.t, rawKey, tags.ReplaceAllString(codes.ReplaceAllString(p.body, ""), " "), "%s shows a key", at)
		require.NotRegexp(h.t, inlineJS, quoted.ReplaceAllString(p.body, `""`), "%s has an inline script", at)
		require.NotContains(h.t, p.body, "ZgotmplZ", "%s was escaped by force", request.URL)
		require.Contains(h.t, p.body, `<html lang="`+h.locale+`"`)
		require.Contains(h.t, p.body, "</html>")
		require.NotContains(h.t, w.Header().Get("Content-Security-Policy"), "unsafe")
	}
	return p
}

func (h *house) get(as, where string) page {
	h.t.Helper()
	return h.send(httptest.NewRequestWithContext(h.t.Context(), http.MethodGet, where, nil), as)
}

func (h *house) post(as, where string, values url.Values) page {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, where, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return h.send(r, as)
}

// upload is post with files.
func (h *house) upload(as, where string, values url.Values, attached map[string][]byte) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, list := range values {
		for _, value := range list {
			require.NoError(h.t, form.WriteField(name, value))
		}
	}
	for name, content := range attached {
		field, file, _ := strings.Cut(name, "=")
		part, err := form.CreateFormFile(field, file)
		require.NoError(h.t, err)
		_, err = part.Write(content)
		require.NoError(h.t, err)
	}
	require.NoError(h.t, form.Close())
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, where, io.Reader(&body))
	r.Header.Set("Content-Type", form.FormDataContentType())
	return h.send(r, as)
}

func (p page) is(status int) page {
	p.t.Helper()
	require.Equal(p.t, status, p.status, tags.ReplaceAllString(p.body, " "))
	return p
}

// to is where the answer sends the browser.
func (p page) to() string {
	p.t.Helper()
	p.is(http.StatusSeeOther)
	return p.header.Get("Location")
}

func (p page) says(words ...string) page {
	p.t.Helper()
	for _, w := range words {
		require.Contains(p.t, p.body, w)
	}
	return p
}

func (p page) saysNot(words ...string) page {
	p.t.Helper()
	for _, w := range words {
		require.NotContains(p.t, p.body, w)
	}
	return p
}

// form is the hidden fields of the form that leads to an address.
func (p page) form(action string) url.Values {
	p.t.Helper()
	_, rest, found := strings.Cut(p.body, `action="`+action+`"`)
	require.True(p.t, found, "no form for %s", action)
	rest, _, _ = strings.Cut(rest, "</form>")
	values := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(rest, -1) {
		values.Add(m[1], html.UnescapeString(m[2]))
	}
	return values
}

// expense is a well-formed report in one line.
func expense(key, amount string) url.Values {
	return url.Values{
		"do": {"submit"}, "key": {key}, "title": {"Visit to Hangzhou"}, "reason": {"客户拜访"}, "currency": {"CNY"},
		"urgency": {"normal"}, "entity": {"acme-cn"}, "department": {"sales"}, "cost_center": {"CC-SALES"}, "line": {"0"},
		"lines.0.category": {"travel"}, "lines.0.date": {"2026-03-02"}, "lines.0.description": {"train"},
		"lines.0.amount": {amount},
	}
}

// submitted is the path of a report that lin submitted.
func (h *house) submitted(key, amount string) string {
	h.t.Helper()
	return h.post("lin", "/new/expense", expense(key, amount)).to()
}

// decide sends the decision form of a document's page.
func (h *house) decide(as, at, act, opinion string) page {
	h.t.Helper()
	values := h.get(as, at).is(http.StatusOK).form(at + "/decide")
	values.Set("act", act)
	values.Set("opinion", opinion)
	return h.post(as, at+"/decide", values)
}

func (h *house) approved(at string) {
	h.t.Helper()
	for _, person := range []string{"wang", "zhao", "liu"} {
		require.Equal(h.t, at, h.decide(person, at, "approve", "").to())
	}
}

// fakeEngine stands in for Temporal: the real core over the real record, without
// anything that waits.
type fakeEngine struct {
	store *store.Store
	desk  *desk.Desk
	slow  bool // nobody answers in time
	idle  bool // nothing starts
	rules int  // the edition that rounds are planned by

	allow, amend []string // of every step, beside what the policy says

	signIn *approval.FreshSignIn // asked of every decision
}

func (e *fakeEngine) Start(ctx context.Context, in engine.StartRequest) error {
	if e.idle {
		return fault.New(fault.Busy, "engine.away")
	}
	return e.route(ctx, in.Submitter, in.Document)
}

func (e *fakeEngine) route(ctx context.Context, submitter, document string) error {
	company, err := e.store.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	who := auth.Who{Person: company.People[submitter], Subject: access.SubjectOf(company, submitter)}
	plan, err := e.desk.Route(ctx, who, document)
	if err != nil {
		return err
	}
	plan.Rules = e.rules
	for i := range plan.Steps {
		plan.Steps[i].Allow = append(plan.Steps[i].Allow, e.allow...)
		plan.Steps[i].Amend = append(plan.Steps[i].Amend, e.amend...)
	}
	if e.signIn != nil {
		plan.SignIn = e.signIn
	}
	_, err = e.apply(ctx, document, approval.Planned{Plan: plan})
	return err
}

func (e *fakeEngine) Deliver(ctx context.Context, a approval.Act) (approval.Outcome, error) {
	if e.slow {
		return approval.Outcome{}, fault.New(fault.Unknown, "act.pending")
	}
	outcome, err := e.apply(ctx, a.Document, a)
	if err == nil && a.Name == approval.Resubmit {
		err = e.route(ctx, a.Actor, a.Document)
	}
	return outcome, err
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

func stamp(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) {
	calendars, err := calendar.Shipped()
	if err != nil {
		return d, err
	}
	for _, c := range calendars {
		if c.ID == d.Clock.Calendar {
			d.DueAt, d.RemindAt, d.Provisional, err = c.Stamp(at, calendar.Count{
				Due: d.Clock.Due, First: d.Clock.First, Every: d.Clock.Every, AtMost: d.Clock.AtMost,
			})
		}
	}
	return d, err
}
