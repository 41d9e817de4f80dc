package server_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// The secrets of the test's webhooks; the first is the one that the old spec publishes.
const (
	oldSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	newSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
	rawSecret = "a text of no special form"
)

// crmMapping is what a contract system's events become.
const crmMapping = `
inbound: crm
type: payment_request
id: $.contract.no
when: message.event == "contract.approved"
requester: { email: $.owner }
document:
  title: = "Contract " + message.contract.no
  supplier: { from: $.contract.party, table: parties }
  currency: { from: $.contract.currency, default: CNY }
fields:
  contract: $.contract.no
  payment_kind: { from: $.contract.kind, default: prepayment }
lines: $.contract.items
line: { category: services, description: "@.what", amount: "@.amount", invoice: "@.invoice" }
tables:
  parties: { V-1: SUP002, V-9: SUP999 }
`

// sources are the systems of the house's tests.
func inboundSources(t testing.TB) map[string]desk.InboundSource {
	mapping, err := inbound.Parse("crm.yaml", []byte(crmMapping))
	require.NoError(t, err)
	of := func(id string) desk.InboundSource {
		return desk.InboundSource{ID: id, Account: "crm-bot", Entities: []string{"acme-cn"}, Mapping: mapping}
	}
	once := of("bills")
	once.OnceByInvoice = true
	return map[string]desk.InboundSource{"crm": of("crm"), "oa": of("oa"), "bills": once}
}

// inboundHook is made when the house opens, for tests change what sources there are.
func (h *house) inboundHook(router *gin.Engine) { h.inboundDoor().Register(router) }

func (h *house) inboundDoor() hooks.Inbound {
	seal, err := hooks.Standard(newSecret, oldSecret)
	require.NoError(h.t, err)
	return hooks.Inbound{Desk: h.desk, Seals: map[string]hooks.Seal{
		"crm": seal, "oa": hooks.HMAC("X-Signature", rawSecret),
	}}
}

// inboundHouse is a house that other systems may start documents in.
func inboundHouse(t *testing.T) *house {
	h := newHouse(t)
	company, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	next := *company
	next.People["crm-bot"] = org.Person{ID: "crm-bot", Name: "CRM", Entity: "acme-cn", Department: "finance", Active: true}
	next.Grants = append(next.Grants, org.Grant{Person: "crm-bot", Role: access.Assistant, Entity: "acme-cn"})
	_, err = h.store.ReplaceOrganisation(t.Context(), next, "test")
	require.NoError(t, err)
	h.desk.Inbound = inboundSources(t)
	return h
}

func contract(no, supplier, amount, invoice string) []byte {
	return []byte(`{"event":"contract.approved","owner":"Lin@example.com","contract":{"no":"` + no + `","party":"` + supplier +
		`","items":[{"what":"Design","amount":` + amount + `,"invoice":"` + invoice + `"}]}}`)
}

// signed are the headers of a delivery.
func signed(t testing.TB, secret string, at time.Time, body []byte) http.Header {
	seal, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	signature, err := seal.Sign("msg_1", at, body)
	require.NoError(t, err)
	header := http.Header{"Content-Type": {"application/json"}}
	header.Set("webhook-id", "msg_1")
	header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	header.Set("webhook-signature", "v1,c3RhbGU= "+signature)
	return header
}

func (h *house) deliver(source string, header http.Header, body []byte) (int, string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/hooks/inbound/"+source, bytes.NewReader(body))
	require.NoError(h.t, err)
	r.Header = header
	answer, err := http.DefaultClient.Do(r)
	require.NoError(h.t, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(answer.Body)
	require.NoError(h.t, err)
	return answer.StatusCode, string(text)
}

// work has what was received become documents.
func (h *house) work() {
	h.t.Helper()
	for {
		n, err := desk.InboundRunner{Desk: h.desk}.Once(h.t.Context())
		require.NoError(h.t, err)
		if n == 0 {
			return
		}
	}
}

// TestSystemsStartDocuments by signed webhooks and by the API: once under each name,
// in the name of the source's account, for the person that the mapping finds.
func TestSystemsStartDocuments(t *testing.T) {
	h := inboundHouse(t)
	t.Run("who is not believed looks like who is not there", h.forgedDeliveries)
	t.Run("a delivery becomes one document", h.deliveredOnce)
	t.Run("what is refused waits for a person", h.refusedDelivery)
	t.Run("a source is asked by its own token alone", h.askedForState)
	t.Run("the same invoice is paid once", h.sameInvoice)
	t.Run("rights are those of the account", h.rightsOfAccount)
	t.Run("files that a source leaves", h.filesBecomeDocuments)
	t.Run("rows of another database", h.rowsBecomeDocuments)
	t.Run("a crash between commit and submission loses nothing", h.crashedDelivery)
}

func (h *house) forgedDeliveries(t *testing.T) {
	body, now := contract("C-0", "V-1", "1", ""), time.Now()
	_, unknown := h.deliver("nobody", signed(t, newSecret, now, body), body)
	bad := func(name string, header http.Header, sent []byte) {
		status, text := h.deliver("crm", header, sent)
		assert.Equal(t, http.StatusUnauthorized, status, name)
		assert.JSONEq(t, problemOf(t, unknown), problemOf(t, text), name)
	}
	bad("another secret", signed(t, "whsec_"+"BBECAwQFBgcICQoLDA0ODxAREhMUFRYX", now, body), body)
	bad("another body", signed(t, newSecret, now, body), append([]byte(" "), body...))
	bad("too old", signed(t, newSecret, now.Add(-6*time.Minute), body), body)
	bad("too new", signed(t, newSecret, now.Add(6*time.Minute), body), body)
	bad("no signature", http.Header{}, body)
	moved := signed(t, newSecret, now, body)
	moved.Set("webhook-id", "msg_2")
	bad("under another id", moved, body)
	status, _ := h.deliver("oa", signed(t, newSecret, now, body), body)
	assert.Equal(t, http.StatusUnauthorized, status, "a seal of another kind")
	status, _ = h.deliver("bills", signed(t, newSecret, now, body), body)
	assert.Equal(t, http.StatusUnauthorized, status, "a source that does not come this way")
	huge := bytes.Repeat([]byte(" "), inbound.BytesMax+1)
	status, _ = h.deliver("crm", signed(t, newSecret, now, huge), huge)
	assert.Equal(t, http.StatusRequestEntityTooLarge, status)
	page, err := h.store.Inbounds(t.Context(), access.Scope{All: true}, store.InboundFilter{})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
}

// problemOf is a problem without what is of one request alone.
func problemOf(t testing.TB, text string) string {
	var p map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	delete(p, "request")
	delete(p, "instance")
	rest, err := json.Marshal(p)
	require.NoError(t, err)
	return string(rest)
}

func (h *house) deliveredOnce(t *testing.T) {
	body := contract("C-1", "V-1", "820.50", "INV-1")
	ignored := bytes.Replace(body, []byte("approved"), []byte("drafted"), 1)
	status, text := h.deliver("crm", signed(t, newSecret, time.Now(), ignored), ignored)
	require.Equal(t, http.StatusAccepted, status, text)
	assert.Contains(t, text, `"ignored"`)
	var all sync.WaitGroup
	for _, secret := range []string{newSecret, oldSecret, newSecret, oldSecret} { // replayed, and under either secret
		header := signed(t, secret, time.Now(), body)
		all.Go(func() {
			status, text := h.deliver("crm", header, body)
			assert.Equal(t, http.StatusAccepted, status, text)
			_, err := desk.InboundRunner{Desk: h.desk}.Once(t.Context())
			assert.NoError(t, err)
		})
	}
	all.Wait()
	h.work()
	row := h.message(t, "crm", "C-1")
	require.Equal(t, store.InboundSubmitted, row.State)
	doc, err := h.store.Document(t.Context(), access.Scope{All: true}, row.Document)
	require.NoError(t, err)
	assert.Equal(t, "crm-bot", doc.Submitter)
	assert.Equal(t, "lin", doc.Requester)
	assert.Equal(t, "820.50", doc.Total.Text())
	assert.Equal(t, "sales", doc.Department, "where she works")
	assert.Equal(t, document.Origin{Source: "crm", Reference: "C-1"}, doc.Origin)
	assert.Equal(t, "C-1", doc.Content.Fields["contract"])

	other := contract("C-1", "V-1", "9999", "INV-1")
	status, text = h.deliver("crm", signed(t, newSecret, time.Now(), other), other)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, doc.Number)
	status, _ = h.deliver("crm", signed(t, newSecret, time.Now(), ignored), ignored)
	assert.Equal(t, http.StatusAccepted, status, "what is not meant to be a document changes nothing")

	same := contract("C-1", "V-1", "820.50", "")
	mac := hmac.New(sha256.New, []byte(rawSecret))
	mac.Write(same)
	header := http.Header{"X-Signature": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
	status, _ = h.deliver("oa", header, same)
	require.Equal(t, http.StatusAccepted, status)
	h.work()
	assert.NotEqual(t, row.Document, h.message(t, "oa", "C-1").Document, "a name is a source's own")
}

func (h *house) message(t testing.TB, source, reference string) store.Inbound {
	row, err := h.store.Inbound(t.Context(), document.Origin{Source: source, Reference: reference})
	require.NoError(t, err)
	return row
}

func (h *house) refusedDelivery(t *testing.T) {
	body := contract("C-2", "V-9", "12.345", "")
	status, _ := h.deliver("crm", signed(t, newSecret, time.Now(), body), body)
	require.Equal(t, http.StatusAccepted, status)
	h.work()
	row := h.message(t, "crm", "C-2")
	require.Equal(t, store.InboundRefused, row.State)
	assert.Equal(t, "money.too_many_decimals", row.Fault.Code)
	assert.Equal(t, "lines[0].amount", row.Fault.Field)

	mended := contract("C-2", "V-7", "12.34", "")
	_, _ = h.deliver("crm", signed(t, newSecret, time.Now(), mended), mended)
	h.work()
	row = h.message(t, "crm", "C-2")
	assert.Equal(t, "inbound.not_in_table", row.Fault.Code)
	assert.Equal(t, "crm.yaml", row.Fault.Args["file"])

	ruling := "/inbound-messages/" + row.ID + "/ruling"
	again := map[string]string{"ruling": "again"}
	h.do(call{as: "lin", method: "POST", path: ruling, body: again}).refused(403, "access.denied")
	text := bytes.Replace([]byte(crmMapping), []byte("V-1: SUP002"), []byte("V-1: SUP002, V-7: SUP002"), 1)
	mapping, err := inbound.Parse("crm.yaml", text)
	require.NoError(t, err)
	source := h.desk.Inbound["crm"]
	source.Mapping = mapping
	h.desk.Inbound["crm"] = source
	h.do(call{as: "liu", method: "POST", path: ruling, body: again}).is(200)
	h.work()
	assert.Equal(t, store.InboundSubmitted, h.message(t, "crm", "C-2").State)
	leave := map[string]string{"ruling": "leave", "reason": "x"}
	h.do(call{as: "liu", method: "POST", path: ruling, body: leave}).refused(409, "inbound.settled")

	broken := []byte(`{"event":"contract.approved","event":""}`)
	_, _ = h.deliver("crm", signed(t, newSecret, time.Now(), broken), broken)
	seen := h.do(call{as: "wang", method: "GET", path: "/inbound-messages?state=refused&lang=en"}).is(200)
	items := seen.json()["items"].([]any)
	require.Len(t, items, 1)
	one := items[0].(map[string]any)
	assert.Contains(t, one["refusal"].(map[string]any)["detail"], "is there twice")
	ruling = "/inbound-messages/" + one["id"].(string) + "/ruling"
	h.do(call{as: "wang", method: "POST", path: ruling, body: map[string]string{"ruling": "leave"}}).
		refused(422, "inbound.reason_required")
	h.do(call{as: "wang", method: "POST", path: ruling, body: leave}).is(200)
}

func (h *house) askedForState(t *testing.T) {
	h.tokens["crm's program"] = h.tokenFor("crm-bot", "crm", "inbound:send@crm")
	crm := func(method, path string, body any) answer {
		return h.do(call{as: "crm's program", method: method, path: path, body: body})
	}
	sent := crm("POST", "/inbound/crm", string(contract("HT/3", "V-1", "5", ""))).is(202)
	require.Equal(t, "submitted", sent.text("state"))
	number := sent.json()["document"].(map[string]any)["number"]
	again := crm("POST", "/inbound/crm", string(contract("HT/3", "V-1", "5", ""))).is(202)
	assert.Equal(t, number, again.json()["document"].(map[string]any)["number"])
	told := crm("GET", "/inbound/crm?reference=HT%2F3", nil).is(200)
	assert.Equal(t, number, told.json()["document"].(map[string]any)["number"])
	assert.NotEmpty(t, told.json()["document"].(map[string]any)["status"])
	assert.Equal(t, "submitted", crm("GET", "/inbound/crm/C-1", nil).is(200).text("state"))
	crm("GET", "/inbound/crm/C-404", nil).refused(404, "inbound.not_found")
	crm("GET", "/inbound/oa/C-1", nil).refused(404, "inbound.no_source")
	crm("POST", "/inbound/oa", string(contract("X", "V-1", "5", ""))).refused(404, "inbound.no_source")
	crm("GET", "/me", nil).refused(403, "access.denied")
	crm("GET", "/documents", nil).refused(403, "access.denied")
	h.do(call{as: "lin", method: "GET", path: "/inbound/crm/C-1"}).refused(404, "inbound.no_source")
	h.do(call{as: "wang", method: "GET", path: "/inbound/crm/C-1"}).is(200)
	refused := crm("POST", "/inbound/crm", string(contract("C-4", "V-404", "5", ""))).is(202)
	assert.Equal(t, "refused", refused.text("state"))
	assert.Equal(t, "inbound.not_in_table", refused.json()["refusal"].(map[string]any)["code"])
}

// crashedDelivery: a gateway died after it committed the message, and one after it
// submitted the document.
func (h *house) crashedDelivery(t *testing.T) {
	body := contract("C-5", "V-1", "7", "")
	_, _ = h.deliver("crm", signed(t, newSecret, time.Now(), body), body)
	claimed, err := h.store.ClaimInbound(t.Context(), []string{"crm"}, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1, "and here it died")
	h.mended(t, `UPDATE inbound_messages SET next_try = now() WHERE external_id = 'C-5'`)
	h.work()
	first := h.message(t, "crm", "C-5")
	require.Equal(t, store.InboundSubmitted, first.State)

	h.leave("lin") // whom it is for; it is a document all the same
	h.mended(t, `UPDATE inbound_messages SET state = 'received', document = '', next_try = now() WHERE external_id = 'C-5'`)
	h.work()
	second := h.message(t, "crm", "C-5")
	assert.Equal(t, first.Document, second.Document)
	assert.Equal(t, store.InboundSubmitted, second.State)
}

func (h *house) sameInvoice(t *testing.T) {
	byHand := map[string]any{
		"type": "payment_request", "title": "Paper", "payee": map[string]any{"kind": "supplier", "id": "SUP002"},
		"fields": map[string]any{"payment_kind": "invoice"}, "currency": "CNY",
		"lines": []any{map[string]any{"category": "goods", "invoice": "FP-77", "amount": map[string]any{"amount": "9.00", "currency": "CNY"}}},
	}
	h.submittedAs("lin", byHand)
	h.tokens["bills"] = h.tokenFor("crm-bot", "bills", "inbound:send@bills")
	sent := h.do(call{as: "bills", method: "POST", path: "/inbound/bills", body: string(contract("B-1", "V-1", "9", "FP-77"))})
	assert.Equal(t, "inbound.invoice_used", sent.is(202).json()["refusal"].(map[string]any)["code"])
	h.do(call{as: "bills", method: "POST", path: "/inbound/bills", body: string(contract("B-2", "V-1", "9", "FP-78"))}).is(202)
	twice := h.do(call{as: "bills", method: "POST", path: "/inbound/bills", body: string(contract("B-3", "V-1", "9", "FP-78"))})
	assert.Equal(t, "inbound.invoice_used", twice.is(202).json()["refusal"].(map[string]any)["code"])
}

func (h *house) rightsOfAccount(t *testing.T) {
	abroad := bytes.Replace(contract("C-6", "V-1", "7", ""), []byte("Lin@"), []byte("emma@"), 1)
	h.tokens["crm's program"] = h.tokenFor("crm-bot", "crm", "inbound:send@crm")
	code := func(body []byte) any {
		sent := h.do(call{as: "crm's program", method: "POST", path: "/inbound/crm", body: string(body)}).is(202)
		return sent.json()["refusal"].(map[string]any)["code"]
	}
	assert.Equal(t, "inbound.other_entity", code(abroad))
	assert.Equal(t, "inbound.nobody", code(bytes.Replace(contract("C-7", "V-1", "7", ""), []byte("Lin@"), []byte("who@"), 1)))
	source := h.desk.Inbound["crm"]
	crm := source
	source.Entities = nil
	h.desk.Inbound["crm"] = source
	assert.Equal(t, "document.not_on_behalf", code(abroad), "the account is assistant in another company")
	h.desk.Inbound["crm"] = crm
	source.ID, source.Account = "oa", "gone"
	h.desk.Inbound["oa"] = source
	mac := hmac.New(sha256.New, []byte(rawSecret))
	body := contract("C-8", "V-1", "7", "")
	mac.Write(body)
	_, _ = h.deliver("oa", http.Header{"X-Signature": {hex.EncodeToString(mac.Sum(nil))}}, body)
	h.work()
	assert.Equal(t, "inbound.no_account", h.message(t, "oa", "C-8").Fault.Code)
}

// mended changes what is stored past its guards, as a crash leaves it.
func (h *house) mended(t testing.TB, statement string) {
	db := sqlx.MustOpen("postgres", storetest.URL(h.t))
	defer db.Close() //nolint:errcheck // of a test
	for _, one := range []string{
		`ALTER TABLE inbound_messages DISABLE TRIGGER guard`, statement,
		`ALTER TABLE inbound_messages ENABLE ALWAYS TRIGGER guard`,
	} {
		_, err := db.ExecContext(t.Context(), one)
		require.NoError(t, err)
	}
}
