package sim_test

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/soapxml/sim"
)

const (
	wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	env  = "http://schemas.xmlsoap.org/soap/envelope/"
)

var nonces int

// token is a security header as the profile writes it.
func token(created time.Time, kind string) string {
	nonces++
	raw, at := fmt.Sprintf("nonce-%06d", nonces), created.UTC().Format(time.RFC3339)
	password := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(sim.Password)
	if kind == "PasswordDigest" {
		sum := sha1.Sum([]byte(raw + at + sim.Password))
		password = base64.StdEncoding.EncodeToString(sum[:])
	}
	return `<w:Security xmlns:w="` + wsse + `wssecurity-secext-1.0.xsd" xmlns:u="` + wsse + `wssecurity-utility-1.0.xsd" e:mustUnderstand="1">` +
		`<w:UsernameToken><w:Username>countersign</w:Username><w:Password Type="` + wsse + `username-token-profile-1.0#` + kind + `">` +
		password + `</w:Password><w:Nonce>` + base64.StdEncoding.EncodeToString([]byte(raw)) + `</w:Nonce><u:Created>` + at +
		`</u:Created></w:UsernameToken></w:Security>`
}

func ask(s *sim.Server, action, body string, change func(*http.Request)) string {
	r := httptest.NewRequest(http.MethodPost, sim.Path, strings.NewReader(body))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"`+sim.Space+"/"+action+`"`)
	if s.Version == sim.V12 {
		r.Header.Set("Content-Type", `application/soap+xml; action="`+sim.Space+"/"+action+`"`)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return fmt.Sprintf("%d %s", w.Code, w.Body)
}

func message(security, body string) string {
	return `<e:Envelope xmlns:e="` + env + `" xmlns:l="` + sim.Space + `"><e:Header>` + security + `</e:Header><e:Body>` + body +
		`</e:Body></e:Envelope>`
}

func create() string {
	return `<l:CreateVoucher><l:reference>R1</l:reference><l:currency>CNY</l:currency><l:date>` +
		fmt.Sprintf("%d-03-31", time.Now().Year()) + `</l:date><l:line><l:account>6602</l:account><l:costCenter>CC-SALES</l:costCenter>` +
		`<l:project>P-001</l:project><l:order>400001</l:order><l:debit>1.50</l:debit>` +
		`<l:foreign currency="EUR">0.20</l:foreign></l:line><l:line><l:account>2241</l:account><l:party>lin</l:party>` +
		`<l:credit>1.50</l:credit></l:line></l:CreateVoucher>`
}

// TestTheLedgerRefuses proves each check that it makes.
func TestTheLedgerRefuses(t *testing.T) {
	s := sim.New(sim.V11, sim.Digest)
	require.Contains(t, ask(s, "CreateVoucher", message(token(time.Now(), "PasswordDigest"), create()), nil), `200 <?xml`)
	date := fmt.Sprintf("%d-03-31", time.Now().Year())
	for _, tt := range []struct{ old, new, words string }{
		{env, "http://www.w3.org/2003/05/soap-envelope", "VersionMismatch"},
		{"<e:Envelope", "<!DOCTYPE e:Envelope><e:Envelope", "document type"},
		{"<e:Body>", "<?run this?><e:Body>", "processing instruction"},
		{"</e:Body>", "", "not a message"},
		{"</e:Body>", "<l:FindVouchers/></e:Body>", "one element"},
		{"<e:Header>", `<e:Header><x e:mustUnderstand="1"/>`, "MustUnderstand"},
		{`e:mustUnderstand="1"`, "", "InvalidSecurity"},
		{"w:Security", "w:Other", "MustUnderstand"},
		{"<w:Username>countersign", "<w:Username>other", "FailedAuthentication"},
		{"#PasswordDigest", "#PasswordText", "FailedAuthentication"},
		{"profile-1.0#", "profile-9.9#", "FailedAuthentication"},
		{"<w:Nonce>", "<w:Nonce>AAAA", "FailedAuthentication"},
		{"w:Nonce>", "w:Other>", "InvalidSecurity"},
		{"u:Created>", "u:Other>", "InvalidSecurity"},
		{"Z</u:Created>", "+00:00</u:Created>", "InvalidSecurity"},
		{`xmlns:l="` + sim.Space, `xmlns:l="urn:other`, "is not known"},
		{"l:CreateVoucher>", "l:MakeVoucher>", "is not known"},
		{"<l:reference>R1</l:reference><l:currency>CNY</l:currency>", "<l:currency>CNY</l:currency><l:reference>R1</l:reference>", "reference is expected"},
		{"<l:reference>R1</l:reference>", "<l:reference>R1</l:reference><l:reference>R1</l:reference>", "reference is expected once"},
		{"<l:reference>R1<", "<l:reference><", "has no value"},
		{"<l:reference>R1<", "<l:reference><l:x/><", "has no value"},
		{"</l:line>", "<l:colour>red</l:colour></l:line>", "colour is not expected"},
		{"CNY", "USD", "kept in CNY"},
		{"1.50</l:debit>", "1.51</l:debit>", "unbalanced"},
		{"1.50</l:debit>", "1.5e0</l:debit>", "decimal point"},
		{"1.50</l:debit>", "-1.50</l:debit>", "decimal point"},
		{"<l:debit>1.50</l:debit>", "<l:debit>1.50</l:debit><l:credit>1.50</l:credit>", "a debit or a credit"},
		{`currency="EUR"`, "", "has a currency"},
		{"6602", "9999", "unknown_account"},
		{">lin<", ">nobody<", "unknown_party"},
		{"<l:party>lin</l:party>", "", "unknown_party"},
		{"CC-SALES", "nobody", "unknown_dimension"},
		{"P-001", "nobody", "unknown_dimension"},
		{"400001", "nobody", "unknown_dimension"},
		{date, "1999-01-01", "closed_period"},
	} {
		good := message(token(time.Now(), "PasswordDigest"), create())
		changed := strings.ReplaceAll(good, tt.old, tt.new)
		require.NotEqual(t, good, changed, tt.old)
		got := ask(s, "CreateVoucher", changed, nil)
		require.True(t, strings.HasPrefix(got, "500 "), got)
		require.Contains(t, got, "Fault")
		require.Contains(t, got, tt.words, tt.new)
	}
	twice := message(token(time.Now(), "PasswordDigest"), "<l:ListMaster><l:list>accounts</l:list></l:ListMaster>")
	require.Contains(t, ask(s, "ListMaster", twice, nil), "6602")
	require.Contains(t, ask(s, "ListMaster", twice, nil), "used before")
	old := message(token(time.Now().Add(-6*time.Minute), "PasswordDigest"), "<l:ListMaster><l:list>accounts</l:list></l:ListMaster>")
	require.Contains(t, ask(s, "ListMaster", old, nil), "too old")
	bare := strings.Replace(strings.Replace(message("", create()), "<e:Header>", "", 1), "</e:Header>", "", 1)
	require.Contains(t, ask(s, "CreateVoucher", bare, nil), "no security header")
	require.Contains(t, ask(s, "CreateVoucher", message("", create()), nil), "no security header")
}

// TestHTTPIsHeld proves what of the way to a ledger it refuses.
func TestHTTPIsHeld(t *testing.T) {
	for _, version := range []string{sim.V11, sim.V12} {
		s := sim.New(version, sim.Basic)
		me := func(r *http.Request) { r.SetBasicAuth(sim.User, sim.Password) }
		body := message("", "<l:ListMaster><l:list>accounts</l:list></l:ListMaster>")
		if version == sim.V12 {
			body = strings.Replace(body, env, "http://www.w3.org/2003/05/soap-envelope", 1)
		}
		require.Contains(t, ask(s, "ListMaster", body, me), "200 <?xml", version)
		require.Contains(t, ask(s, "ListMaster", body, nil), "401")
		require.Contains(t, ask(s, "ListMaster", body, func(r *http.Request) { r.SetBasicAuth(sim.User, "x") }), "401")
		require.Contains(t, ask(s, "ListMaster", body, func(r *http.Request) { me(r); r.URL.Path = "/" }), "404")
		require.Contains(t, ask(s, "ListMaster", body, func(r *http.Request) { me(r); r.Method = http.MethodGet }), "404")
		for _, media := range []string{"", "application/json", "text/xml; charset=gbk", "application/soap+xml; charset=gbk"} {
			require.Contains(t, ask(s, "ListMaster", body, func(r *http.Request) { me(r); r.Header.Set("Content-Type", media) }), "415")
		}
		status := map[string]string{sim.V11: "500", sim.V12: "400"}[version]
		require.Contains(t, ask(s, "FindVouchers", body, me), status+" ", "another action")
		require.Contains(t, ask(s, "FindVouchers", body, me), "is not that of ListMaster")
	}
	s := sim.New(sim.V11, sim.Basic)
	require.Contains(t, ask(s, "ListMaster", "", func(r *http.Request) {
		r.SetBasicAuth(sim.User, sim.Password)
		r.Header.Set("SOAPAction", sim.Space+"/ListMaster")
	}), "415", "without quotation marks")
	require.Contains(t, ask(sim.New(sim.V11, sim.Bearer), "ListMaster", "", func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer x")
	}), "401")
	require.Contains(t, ask(sim.New(sim.V11, sim.Text), "ListMaster", strings.Replace(message(token(time.Now(), "PasswordText"), create()),
		"soap-", "other-", 1), nil), "FailedAuthentication")
}

// TestStatesAreHeld proves what cannot be done to a voucher.
func TestStatesAreHeld(t *testing.T) {
	s := sim.New(sim.V11, sim.Bearer)
	do := func(action, inner string) string {
		return ask(s, action, message("", "<l:"+action+">"+inner+"</l:"+action+">"), func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+sim.Password)
		})
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(create(), "<l:CreateVoucher>"), "</l:CreateVoucher>")
	require.Contains(t, do("CreateVoucher", inner), `id="100001"`)
	const id = "<l:id>100001</l:id>"
	undo := id + "<l:reference>R2</l:reference><l:date>" + fmt.Sprintf("%d-03-31", time.Now().Year()) + "</l:date>"
	require.Contains(t, do("ReverseVoucher", undo), "not_posted")
	require.Contains(t, do("PostVoucher", id), "<l:state>posted<")
	require.Contains(t, do("PostVoucher", id), "not in that state")
	require.Contains(t, do("DiscardVoucher", id), "not in that state")
	require.Contains(t, do("PostVoucher", "<l:id>1</l:id>"), "no such voucher")
	require.Contains(t, do("PostVoucher", "<l:id>x</l:id>"), "no number")
	require.Contains(t, do("ReverseVoucher", strings.Replace(undo, "-03-31", "-99-31", 1)), "closed_period")
	require.Contains(t, do("ReverseVoucher", undo), `id="100002"`)
	window := "<l:from>%s</l:from><l:until>2999-01-01</l:until><l:prefix>R</l:prefix>%s<l:limit>%s</l:limit>"
	require.Contains(t, do("ListVouchers", fmt.Sprintf(window, "1999-01-01", "", "1")), "<l:next>100001<")
	require.NotContains(t, do("ListVouchers", fmt.Sprintf(window, "1999-01-01", "<l:cursor>100001</l:cursor>", "1")), "100001")
	for _, wrong := range []string{fmt.Sprintf(window, "1999", "", "1"), fmt.Sprintf(window, "1999-01-01", "", "0"),
		fmt.Sprintf(window, "1999-01-01", "<l:cursor>x</l:cursor>", "1")} {
		require.Contains(t, do("ListVouchers", wrong), "is wrong")
	}
	require.Contains(t, do("ListMaster", "<l:list>colours</l:list>"), "there is no list")
}
