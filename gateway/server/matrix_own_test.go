package server_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// drafted are the routes that are crossed a second time, with a draft of lin's: it is
// there for nobody but her.
var drafted = []string{
	"DELETE /api/v1/documents/:id", "GET /api/v1/documents/:id", "PUT /api/v1/documents/:id",
	"GET /api/v1/documents/:id/comments", "GET /api/v1/documents/:id/events", "GET /api/v1/documents/:id/export",
	"GET /api/v1/documents/:id/proof", "POST /api/v1/documents/:id/route",
	"GET /documents/:id", "POST /documents/:id/delete", "GET /documents/:id/edit", "POST /documents/:id/edit",
	"GET /documents/:id/print", "GET /documents/:id/proof", "GET /documents/:id/review", "GET /documents/:id/versions",
	"GET /documents/:id/files/:file", "GET /api/v1/attachments/:id", "GET /documents", "GET /api/v1/documents",
	"POST /api/v1/documents/:id/submit",
}

// media are the routes that take no JSON and no plain form: what they are sent as.
var media = map[string]string{
	"POST /api/v1/imports": desk.FormatLines, "POST /api/v1/attachments": inParts, "POST /attachments": inParts,
}

const inParts = "multipart/form-data; boundary=a-part"

// aFile is one file in the field of the API, and one in that of the pages.
func aFile(field string) string {
	return "--a-part\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"a.txt\"\r\n\r\nso\r\n--a-part--\r\n"
}

// queries are what is asked of routes whose object lies in the query.
var queries = map[string]string{
	"GET /api/v1/access/explain":       "?person=lin&permission=document:read",
	"GET /api/v1/access/report":        "?over=1&currency=CNY",
	"GET /api/v1/access/report/export": "?over=1&currency=CNY",
	"GET /organisation/powers/export":  "?over=1&currency=CNY",
	"GET /api/v1/calendars/:id/due":    "?from=2026-03-06T09:30:00Z&for=4+workhours",
	"GET /api/v1/replans":              "?policy=expense",
	"GET /api/v1/inbound/:source":      "?reference=K-77",
}

// undecidedly is the title of lin's draft: nobody else meets it anywhere.
const undecidedly = "Watzmann-2713"

// asDraft ends the line of such a route in the table.
const asDraft = " (draft)"

// prepare makes what a route is asked about where one object of the house is not enough:
// what an earlier route used up, or what only this one names.
func (c *crossing) prepare(method, route string) {
	c.t.Helper()
	switch {
	case strings.Contains(route, ":passkey"), strings.HasSuffix(route, "/passkeys/:id"), strings.Contains(route, "/passkeys/:id/"):
		c.passkey()
		c.objects["passkeys"] = c.objects["passkey"]
	case strings.Contains(route, "/templates/:id"):
		c.objects["templates"] = c.made("lin", "POST", "/templates", map[string]any{"name": secretly,
			"content": expense("9.00")}, "id")
	case strings.Contains(route, "/tokens/:id"):
		made, err := c.store.CreateToken(c.t.Context(), store.Token{Hash: time.Now().String(), Person: "lin", Name: secretly,
			Scopes: []string{"document:*"}, ExpiresAt: time.Now().Add(time.Hour)})
		require.NoError(c.t, err)
		c.objects["tokens"] = made.ID
	case strings.HasSuffix(route, "/inbound/:source/:reference"):
		c.objects["reference"] = "K-77"
		return
	case strings.Contains(route, "/items/:no"):
		c.objects["no"] = c.item()
		return
	case strings.Contains(route, "/sessions/:id"):
		c.session()
	case strings.Contains(route, "/interventions/:proposal"):
		c.intervention()
	case strings.HasSuffix(route, "/reversal/decision"):
		c.reversal()
	case strings.Contains(route, "/inbound-messages/:id"), strings.HasPrefix(route, "/inbound/:id"):
		c.refusedMessage()
	case strings.HasSuffix(route, "/:grant/revoke"):
		c.given()
	case strings.HasSuffix(route, "/thumbnail"):
		c.objects["attachments"] = c.objects["pictures"]
	case strings.Contains(route, "/:person/remove"):
		c.made("lin", "POST", "/documents/"+c.objects["documents"]+"/copies", map[string]any{"people": []string{"sun"}}, "id")
		c.objects["person"] = "sun"
		return
	case method == http.MethodPost && strings.HasPrefix(route, "/letters/"), route == "/documents/:id/resolve":
		c.document()
	}
	c.objects["person"] = "lin"
	c.objects["no"] = "1"
	if !strings.HasSuffix(route, "/thumbnail") {
		c.objects["attachments"] = c.objects["files"]
	}
	delete(c.objects, "reference")
}

// furnishOwn makes what is nobody's but lin's, or the clerk's who asked for it.
func (c *crossing) furnishOwn() {
	ctx := c.t.Context()
	shipped, err := calendar.Shipped()
	require.NoError(c.t, err)
	for _, one := range shipped {
		require.NoError(c.t, c.store.ShipCalendar(ctx, one))
	}
	c.objects["calendars"], c.objects["year"], c.objects["chapter"] = "cn-office", "2026", "approvers"
	withdrawn := c.made("lin", "POST", "/documents", expense("2000.00"), "id")
	c.made("lin", "POST", "/documents/"+withdrawn+"/submit", map[string]any{}, "id")
	c.objects["acts"] = c.made("lin", "POST", "/documents/"+withdrawn+"/acts", map[string]any{"act": "withdraw"}, "id")
	row, err := json.Marshal(map[string]any{"key": "1", "form": expense("7.00")})
	require.NoError(c.t, err)
	taken, err := c.desk.Import(ctx, c.as("clerk-cn"), desk.FormatLines, bytes.NewReader(row), desk.Key{Route: "create-import"})
	require.NoError(c.t, err)
	c.objects["imports"] = taken.ID
	c.desk.Inbound = inboundSources(c.t)
	oa := c.desk.Inbound["oa"] // is asked
	oa.When = "5m"
	c.desk.Inbound["oa"], c.objects["inbound-sources"] = oa, "oa"
	c.objects["source"] = "crm"
	c.message("K-77", "SUP-none")
	c.desk.Messengers = []desk.Messenger{{ID: "wecom", Title: "WeCom"}}
	c.objects["app"], c.objects["wish"] = "wecom", "unlink"
	require.NoError(c.t, c.store.FollowIMPeople(ctx, "wecom", []store.IMLink{{Person: "lin", Platform: "lin-w", How: store.IMByEmail}}))
	key, err := c.store.NoticeKey(ctx)
	require.NoError(c.t, err)
	c.objects["sealed"] = notice.Leave{Person: "lin", Topics: []notice.Topic{notice.Requests}}.Sealed(key)
}

// picture is one of which a small one can be shown.
func (c *crossing) picture() string {
	var picture bytes.Buffer
	require.NoError(c.t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))))
	return picture.String()
}

// as is somebody at a browser, who signed in a moment ago.
func (c *crossing) as(person string) auth.Who {
	snapshot, err := c.store.Snapshot(c.t.Context(), 0)
	require.NoError(c.t, err)
	return auth.Who{Person: snapshot.People[person], Subject: access.SubjectOf(snapshot, person),
		Version: snapshot.Version, Until: snapshot.Until, Provider: "matrix", SignedIn: time.Now(), Proved: &approval.SignIn{Issuer: "matrix", At: time.Now()}}
}

// message is one that a contract system sent, and that became no document.
func (c *crossing) message(name, supplier string) store.Inbound {
	row, err := c.desk.ReceiveInbound(c.t.Context(), c.desk.Inbound["crm"], contract(name, supplier, "9.00", "1"), true)
	require.NoError(c.t, err)
	require.Equal(c.t, store.InboundRefused, row.State)
	return row
}

func (c *crossing) refusedMessage() {
	id := c.message("K-"+time.Now().Format("150405.000000000"), "SUP-none").ID
	c.objects["inbound-messages"], c.objects["inbound"] = id, id
}

// session is a browser of lin's that is signed in.
func (c *crossing) session() {
	sessions, ctx := c.store.Sessions(), c.t.Context()
	token := time.Now().String()
	require.NoError(c.t, sessions.CommitCtx(store.NewSession(ctx), token, []byte("{}"), time.Now().Add(time.Hour)))
	require.NoError(c.t, sessions.Bind(ctx, token, store.SessionInfo{Person: "lin", Provider: "dev"}))
	list, err := sessions.List(ctx, "lin", "")
	require.NoError(c.t, err)
	c.objects["sessions"] = list[0].ID
}

// intervention is what another administrator proposed for lin's document.
func (c *crossing) intervention() {
	c.document()
	detail, err := c.desk.Document(c.t.Context(), c.as("admin"), c.objects["documents"])
	require.NoError(c.t, err)
	got, err := c.desk.Intervene(c.t.Context(), c.as("admin"), desk.Intervention{Document: detail.ID, Ruling: "void",
		Round: detail.Round, ContentHash: detail.ContentHash, Opinion: "twice", Channel: "web"}, desk.Key{})
	require.NoError(c.t, err)
	require.NotNil(c.t, got.Proposal)
	c.objects["proposal"] = got.Proposal.ID
}

// reversal is what another head of finance asked for, of the voucher of lin's document.
func (c *crossing) reversal() {
	c.document()
	c.made("wang", "POST", "/vouchers/"+c.objects["vouchers"]+"/reversal", map[string]any{
		"date": "2026-03-31", "reason": "twice"}, "reference")
}

// item is the question of the review whether a clerk of lin's company is still one: it
// is for its administrators to answer.
func (c *crossing) item() string {
	var answer struct {
		Items []struct {
			No     int    `json:"no"`
			Person string `json:"person"`
		} `json:"items"`
	}
	w := c.ask("admin-cn", http.MethodGet, "/api/v1/access/reviews/"+c.objects["reviews"], nil)
	require.NoError(c.t, json.Unmarshal(w.Body.Bytes(), &answer))
	for _, i := range answer.Items {
		if i.Person == "clerk-cn" {
			return strconv.Itoa(i.No)
		}
	}
	c.t.Fatalf("no item asks of the clerk: %s", w.Body)
	return ""
}

// given is a right of lin's that somebody may take away.
func (c *crossing) given() {
	snapshot, err := c.store.Snapshot(c.t.Context(), 0)
	require.NoError(c.t, err)
	next := *snapshot
	next.Grants = append(next.Grants, org.Grant{Person: "lin", Role: access.Assistant, Entity: "acme-cn"})
	_, err = c.store.ReplaceOrganisation(c.t.Context(), next, "matrix "+time.Now().String())
	require.NoError(c.t, err)
	c.objects["grant"] = access.Assistant + "@acme-cn"
}

// draft is one of lin's that she did not submit.
func (c *crossing) draft() {
	c.dirty = false
	form := expense("2000.00")
	form["title"] = undecidedly
	file := c.upload("lin", "invoice.pdf", pdf+undecidedly, "").is(http.StatusCreated).text("id")
	form["attachments"] = []string{file}
	c.objects["documents"], c.objects["attachments"], c.objects["files"] = c.made("lin", "POST", "/documents", form, "id"), file, file
}

// crossDrafts asks the routes of a document again, of a draft.
func (c *crossing) crossDrafts(each func(route, got string)) {
	c.see, c.secret = []string{"lin"}, undecidedly
	for _, route := range drafted {
		c.draft()
		method, path, _ := strings.Cut(route, " ")
		each(route+asDraft, c.cross(method, path))
	}
}

// pageFields are fields of the forms of single pages, beside those of all.
func (c *crossing) pageFields(route string, form url.Values) {
	switch route {
	case "/language":
		form.Set("lang", "en")
	case "/organisation/reviews/:id/decide":
		form.Set("no", c.item())
		form.Set("verdict", "keep")
	case "/documents/:id/resolve":
		form.Set("reference", c.objects["vouchers"])
		form.Set("attempt", "1")
		form.Set("ruling", "retry")
	}
}

func least(s *openapi3.Schema) any {
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Includes("object"):
		made := map[string]any{}
		for _, name := range s.Required {
			made[name] = least(s.Properties[name].Value)
		}
		return made
	case s.Type.Includes("array"):
		if s.MinItems == 0 {
			return []any{}
		}
		return []any{least(s.Items.Value)}
	case s.Type.Includes("integer"), s.Type.Includes("number"):
		return 1
	case s.Type.Includes("boolean"):
		return true
	case s.Format == "date-time":
		return time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	}
	return strings.Repeat("x", int(max(s.MinLength, 1)))
}

var refusalCode = regexp.MustCompile(`"code":"([a-z_.]+)"`)

// metInside is what somebody meets who asks about many things at once: the answer is
// done, and what became of the one thing that was asked about stands in it.
func metInside(w *httptest.ResponseRecorder) string {
	found := refusalCode.FindStringSubmatch(w.Body.String())
	switch {
	case w.Code >= 400 || found == nil:
		return met(w)
	case strings.HasSuffix(found[1], ".not_found"):
		return "4"
	case found[1] == "access.denied":
		return "3"
	}
	return "v"
}
