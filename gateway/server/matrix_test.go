package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/gateway/server"
)

// matrixFile says of every route what everybody meets there. Its head explains it.
const matrixFile = "testdata/matrix.txt"

// columns are who asks, in the order of the table: nobody; lin, whose everything is;
// emma, a colleague of another company; the head of lin's department; and of each role
// one who has it for lin's company, and one who has it for the other.
var columns = []string{
	"", "lin", "emma", "zhao", "clerk-cn", "clerk-de", "head-cn", "head-de", "cashier-cn", "cashier-de",
	"auditor-cn", "auditor-de", "admin-cn", "admin-de", "operator-cn", "operator-de",
}

// secretly is the title of lin's document: who may not read it meets it nowhere, in
// no list, count, search, notice or stream.
const secretly = "Zugspitze-7731"

// readers may read lin's document: whose it is, and whose role covers her company.
var readers = []string{"lin", "zhao", "clerk-cn", "head-cn", "cashier-cn", "auditor-cn", "admin-cn"}

// crossing is the house of the matrix, and whom its routes are asked about.
type crossing struct {
	*house
	router  *gin.Engine
	doc     *openapi3.T
	objects map[string]string
	see     []string // who may read what says secret
	secret  string
	dirty   bool // somebody changed the document: the next route gets a fresh one
}

func newCrossing(t *testing.T) *crossing {
	t.Helper()
	c := &crossing{house: newHouse(t), see: readers, secret: secretly}
	company, err := config.DemoCompany()
	require.NoError(t, err)
	company.Grants = append([]org.Grant{}, company.Grants...)
	for name, role := range map[string]string{
		"clerk": access.FinanceClerk, "head": access.FinanceHead, "cashier": access.Cashier, "auditor": access.Auditor,
		"admin": access.Admin, "operator": access.Operator,
	} {
		for _, country := range []string{"cn", "de"} {
			p := org.Person{ID: name + "-" + country, Name: name + " of " + country, Entity: "acme-" + country, Active: true}
			p.Department = map[string]string{"cn": "management", "de": "sales-de"}[country]
			company.People[p.ID] = p
			company.Grants = append(company.Grants, org.Grant{Person: p.ID, Role: role, Entity: p.Entity})
		}
	}
	company.People["crm-bot"] = org.Person{ID: "crm-bot", Name: "CRM", Entity: "acme-cn", Department: "finance", Active: true}
	company.Grants = append(company.Grants, org.Grant{Person: "crm-bot", Role: access.Assistant, Entity: "acme-cn"})
	_, err = c.store.ReplaceOrganisation(t.Context(), company, "matrix")
	require.NoError(t, err)
	all, err := pages.New(pages.Deps{Desk: c.desk, SignIn: stranger{}})
	require.NoError(t, err)
	nobody, err := auth.New(auth.Config{Public: "http://127.0.0.1"}, c.store, c.store.Sessions())
	require.NoError(t, err)
	_, err = server.New(server.Deps{Desk: c.desk, Auth: nobody, Version: "test", Pages: func(router *gin.Engine) {
		c.router = router
		all.Register(router)
	}})
	require.NoError(t, err)
	c.doc, err = openapi3.NewLoader().LoadFromData(c.ask("", http.MethodGet, "/openapi.json", nil).Body.Bytes())
	require.NoError(t, err)
	c.furnishObjects()
	return c
}

// stranger is a way in that the matrix does not take.
type stranger struct{ pages.SignIn }

func (stranger) Choices(string) []auth.Choice                       { return nil }
func (stranger) Straight(string) (string, bool)                     { return "", false }
func (stranger) Leave(context.Context) (string, error)              { return "", nil }
func (stranger) Hold(context.Context, string, url.Values) error     { return nil }
func (stranger) HeldFor(context.Context, string) (url.Values, bool) { return nil, false }
func (stranger) Drop(context.Context)                               {}

// ask sends a request as somebody, past the door and to the router itself.
func (c *crossing) ask(as, method, where string, body []byte) *httptest.ResponseRecorder {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	if where == "/live" { // never ends by itself
		ctx, cancel = context.WithTimeout(c.t.Context(), 50*time.Millisecond)
		defer cancel()
	}
	ctx = i18n.With(ctx, i18n.English)
	if as != "" {
		ctx = auth.With(ctx, c.as(as))
	}
	r := httptest.NewRequestWithContext(ctx, method, where, strings.NewReader(string(body)))
	r.Header.Set("Accept-Language", "en")
	switch {
	case media[method+" "+where] != "":
		r.Header.Set("Content-Type", media[method+" "+where])
	case strings.HasPrefix(where, "/api/") && method != http.MethodGet:
		r.Header.Set("Content-Type", "application/json")
	case method == http.MethodPost:
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	c.router.ServeHTTP(w, r)
	return w
}

func (c *crossing) made(as, method, where string, body any, field string) string {
	c.t.Helper()
	payload, err := json.Marshal(body)
	require.NoError(c.t, err)
	w := c.ask(as, method, "/api/v1"+where, payload)
	require.Less(c.t, w.Code, 300, "%s: %s", where, w.Body)
	var answer map[string]any
	require.NoError(c.t, json.Unmarshal(w.Body.Bytes(), &answer))
	text, _ := answer[field].(string)
	return text
}

// furnishObjects makes one of everything, all of it lin's.
func (c *crossing) furnishObjects() {
	c.objects = map[string]string{
		"kind": "policy", "type": "expense", "name": "none", "person": "lin", "provider": "dev", "grant": "cashier@acme-cn",
		"departments": "finance",
	}
	c.objects["delegations"] = c.made("lin", "POST", "/delegations", map[string]any{
		"person": "lin", "delegate": "zhao", "until": time.Now().Add(time.Hour).Format(time.RFC3339)}, "id")
	c.objects["proposals"] = c.made("liu", "POST", "/policies/policy/expense/proposals", map[string]any{
		"yaml": shippedPlain(c.t, "policies/expense.yaml", "1000.00", "3000.00")}, "id")
	c.objects["grants"] = c.made("lin", "POST", "/grants", map[string]any{
		"person": "lin", "role": access.Cashier, "entity": "acme-cn", "reason": "month end"}, "id")
	c.objects["reviews"], c.objects["no"] = c.made("admin-cn", "POST", "/access/reviews", map[string]any{
		"title": "Q4", "entities": []string{"acme-cn"}, "due": time.Now().AddDate(0, 0, 9).Format(time.DateOnly), "grace": "0s"}, "id"), "1"
	c.reconciliation()
	c.document()
	c.webhook()
	c.furnishOwn()
}

func shippedPlain(t testing.TB, name, from, to string) string {
	t.Helper()
	text, err := config.Shipped.ReadFile(name)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), from, to)
}

// document submits another document of lin's.
func (c *crossing) document() {
	form := expense("2000.00")
	form["title"] = secretly
	file := c.upload("lin", "invoice.pdf", pdf+secretly, "").is(http.StatusCreated).text("id")
	receipt := c.upload("lin", "receipt.png", c.picture(), "").is(http.StatusCreated).text("id")
	form["attachments"] = []string{file, receipt}
	id := c.made("lin", "POST", "/documents", form, "id")
	c.made("lin", "POST", "/documents/"+id+"/submit", map[string]any{}, "id")
	c.objects["documents"], c.objects["tasks"] = id, c.openTask(id).ID
	c.objects["attachments"], c.objects["files"], c.objects["pictures"] = file, file, receipt
	c.kept(id)
	c.letter()
	c.dirty = false
}

var pathParam = regexp.MustCompile(`:[a-z]+|\*[a-z]+`)

// nothing is an id of nothing.
const nothing = "01900000-0000-7000-8000-000000000000"

// address puts lin's objects into the path of a route.
func (c *crossing) address(route string) string {
	before := ""
	parts := strings.Split(route, "/")
	for i, part := range parts {
		if pathParam.MatchString(part) {
			value, known := c.objects[strings.TrimLeft(part, ":*")]
			if byNoun, ok := c.objects[before]; ok && (part == ":id" || !known) {
				value, known = byNoun, true
			}
			if before == "people" || before == "policies" && part == ":id" {
				value, known = map[string]string{"people": "lin", "policies": "expense"}[before], true
			}
			if i > 1 && parts[i-1] == "policy" {
				value, known = "expense", true
			}
			if !known {
				value = nothing
			}
			parts[i] = value
		}
		before = strings.TrimLeft(parts[i], ":*")
	}
	return strings.Join(parts, "/")
}

// bodies are what is asked of operations whose rights lie in the body: all about lin.
var bodies = map[string]string{
	"POST /api/v1/grants":               `{"person":"lin","role":"finance_clerk","entity":"acme-cn","reason":"month end"}`,
	"POST /api/v1/delegations":          `{"person":"lin","delegate":"sun","until":"2099-01-01T00:00:00Z","reason":"away"}`,
	"POST /grants":                      "person=lin&role=finance_clerk&reach=acme-cn/&reason=month+end",
	"POST /api/v1/proposals/:id/refuse": `{"reason":"no"}`,

	"POST /api/v1/imports":     `{"key":"of everybody","form":{"type":"expense","title":"So","currency":"CNY"}}`,
	"POST /api/v1/attachments": aFile("file"), "POST /attachments": aFile("upload"),

	"POST /api/v1/vouchers/preview": `{"document":"$document"}`,
	"POST /api/v1/documents":        `{"type":"expense","title":"For lin","requester":"lin","currency":"CNY"}`,
	"POST /api/v1/route": `{"type":"expense","title":"For lin","requester":"lin","currency":"CNY","lines":[{"category":"travel",` +
		`"description":"x","date":"2026-03-02","amount":{"amount":"9.00","currency":"CNY"}}]}`,
	"POST /api/v1/tasks/decide":         `{"decisions":[{"act":"approve","task":"$task","round":1,"content_hash":"x"}]}`,
	"POST /api/v1/replans":              `{"documents":[{"document":"$document","round":1,"content_hash":"x"}],"opinion":"so"}`,
	"POST /api/v1/documents/:id/copies": `{"people":["sun"]}`,
}

// fields are what forms of the pages ask for, all in one.
var fields = map[string]string{
	"act": "approve", "opinion": "so", "round": "1", "content_hash": "x", "reason": "so", "text": "so", "remark": "so",
	"words": "so", "body": "so", "person": "lin", "delegate": "sun", "to": "sun", "until": "2099-01-01T00:00", "ruling": "void",
	"verdict": "refuse", "hash": "x", "yaml": "x", "comment": "so", "role": "finance_clerk", "entity": "acme-cn",
}

// payload is the least body that an operation accepts; nil for one without a body in JSON.
func (c *crossing) payload(method, route string) (body []byte, isJSON bool) {
	path := pathParam.ReplaceAllStringFunc(route, func(p string) string { return "{" + strings.TrimLeft(p, ":*") + "}" })
	if said, known := bodies[method+" "+route]; known {
		return []byte(strings.NewReplacer("$document", c.objects["documents"], "$task", c.objects["tasks"]).Replace(said)), media[method+" "+route] == ""
	}
	if method == http.MethodPost && !strings.HasPrefix(route, "/api/") {
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		form.Set("task", c.objects["tasks"])
		c.pageFields(route, form)
		return []byte(form.Encode()), false
	}
	item := c.doc.Paths.Find(path)
	if item == nil || item.GetOperation(method) == nil || item.GetOperation(method).RequestBody == nil {
		return nil, false
	}
	media := item.GetOperation(method).RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return nil, false
	}
	body, err := json.Marshal(least(media.Schema.Value))
	require.NoError(c.t, err)
	return body, true
}

// met is what somebody meets, in one character: see the head of the table.
func met(w *httptest.ResponseRecorder) string {
	switch code := w.Code; {
	case code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/login?"), code == http.StatusUnauthorized:
		return "1"
	case code == http.StatusForbidden:
		return "3"
	case code == http.StatusNotFound:
		return "4"
	case code < 400:
		return "2"
	case code < 500:
		return "v"
	}
	return "!"
}

// TestEveryRouteMeetsEverybody crosses every route that the router has with everybody
// of the columns, on objects that are lin's: what each meets is what the table says, and
// nobody learns of her document who may not read it.
func TestEveryRouteMeetsEverybody(t *testing.T) {
	c := newCrossing(t)
	table := readMatrix(t)
	var missing []string
	meets := func(route, got string) {
		want, known := table[route]
		delete(table, route)
		if !known {
			missing = append(missing, got+" "+route)
			return
		}
		if got != want {
			t.Errorf("%s\n  is    %s\n  shall %s  (of %s)", route, got, want, strings.Join(columns[1:], " "))
		}
	}
	for _, r := range c.router.Routes() {
		if !strings.HasPrefix(r.Path, "/assets/") { // public, and the same for everybody
			meets(r.Method+" "+r.Path, c.cross(r.Method, r.Path))
		}
	}
	c.crossDrafts(meets)
	if len(missing) > 0 {
		t.Errorf("%s says nothing of these routes. Read what everybody meets there: is nobody let in who may not be, does "+
			"nobody get 403 of what they may not know of? Then add:\n%s", matrixFile, strings.Join(missing, "\n"))
	}
	for _, route := range slices.Sorted(maps.Keys(table)) {
		t.Errorf("%s speaks of %s, and there is no such route", matrixFile, route)
	}
}

// cross asks one route as everybody, and looks for what must not be there.
func (c *crossing) cross(method, route string) string {
	c.t.Helper()
	if c.dirty {
		c.document()
	}
	c.prepare(method, route)
	where := c.address(route) + queries[method+" "+route]
	body, _ := c.payload(method, route)
	var row strings.Builder
	for _, who := range slices.Backward(columns) { // lin last: what is hers is there until then
		w := c.ask(who, method, where, body)
		one := met(w)
		if strings.Contains(route, ":app") && who != "" && who != "lin" {
			links, err := c.store.IMLinks(c.t.Context(), "lin")
			require.NoError(c.t, err)
			require.Len(c.t, links, 1, "%s unlinks only who asks", who)
		}
		if strings.HasSuffix(route, "/tasks/decide") || strings.HasSuffix(route, "/replans") {
			one = metInside(w)
		}
		row.WriteString(one)
		c.dirty = c.dirty || method != http.MethodGet && one == "2"
		if !slices.Contains(c.see, who) && strings.Contains(w.Body.String(), c.secret) {
			c.t.Errorf("%s %s tells %q of a document that they may not read", method, route, who)
		}
	}
	return reversed(row.String())
}

func reversed(text string) string {
	letters := []byte(text)
	slices.Reverse(letters)
	return string(letters)
}

func readMatrix(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open(matrixFile)
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // only read
	table := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		row, route, found := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if !found || strings.HasPrefix(row, "#") {
			continue
		}
		require.Len(t, row, len(columns), lines.Text())
		table[strings.TrimSpace(route)] = row
	}
	return table
}

// TestUnknownFieldsAreRefused by every operation that takes JSON, for somebody who may
// do everything else.
func TestUnknownFieldsAreRefused(t *testing.T) {
	c := newCrossing(t)
	asked := 0
	for _, r := range c.router.Routes() {
		body, isJSON := c.payload(r.Method, r.Path)
		if !isJSON || !strings.HasPrefix(r.Path, "/api/") || r.Path == "/api/v1/inbound/:source" { // whose shape is the source's
			continue
		}
		asked++
		var with map[string]any
		require.NoError(t, json.Unmarshal(body, &with), r.Path)
		with["no_such_field"] = true
		odd, err := json.Marshal(with)
		require.NoError(t, err)
		w := c.ask("admin", r.Method, c.address(r.Path), odd)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s %s: %s", r.Method, r.Path, w.Body)
		require.Contains(t, w.Body.String(), "no_such_field", "%s %s", r.Method, r.Path)
	}
	require.Greater(t, asked, 20)
}
