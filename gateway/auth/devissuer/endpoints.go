package devissuer

import (
	"crypto/sha256"
	"crypto/subtle"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/countersign/countersign/gateway/i18n"
)

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	base := i.Issuer()
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                         base,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"jwks_uri":                                       base + "/keys",
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{string(jose.ES256)},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.public}})
}

// request is what a client asks for at the authorize endpoint.
type request struct {
	Redirect, State, Nonce, Challenge string
}

// read refuses what a careful provider would refuse; PKCE is not optional.
func (i *Issuer) read(v url.Values) (request, string) {
	callback, err := url.Parse(v.Get("redirect_uri"))
	home, _ := url.Parse(i.config.Public)
	switch {
	case v.Get("client_id") != ClientID:
		return request{}, "unknown client_id"
	case err != nil || callback.Scheme != home.Scheme || callback.Host != home.Host:
		return request{}, "redirect_uri is not this house"
	case v.Get("response_type") != "code":
		return request{}, "response_type must be code"
	case v.Get("code_challenge_method") != "S256" || v.Get("code_challenge") == "":
		return request{}, "PKCE with S256 is required"
	case v.Get("state") == "" || v.Get("nonce") == "":
		return request{}, "state and nonce are required"
	}
	return request{callback.String(), v.Get("state"), v.Get("nonce"), v.Get("code_challenge")}, ""
}

//go:embed authorize.html
var pageText string

var page = template.Must(template.New("authorize").Parse(pageText))

// pageData is what the page shows: every line in both languages, because nobody
// is known yet.
type pageData struct {
	Chinese, English string
	Locale           string
	Hint             string
	Query            map[string]string
	People           []row
}

type row struct {
	Subject, Name, Roles string
	Inactive             string
}

// ask shows the people to choose from.
func (i *Issuer) ask(w http.ResponseWriter, r *http.Request) {
	if _, wrong := i.read(r.URL.Query()); wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	people, err := i.people(r.Context())
	if err != nil {
		slog.Error("devissuer", "error", err)
		http.Error(w, "the directory cannot be read", http.StatusServiceUnavailable)
		return
	}
	t, locale := i18n.Shipped(), i18n.Negotiate(r)
	data := pageData{
		Locale:  locale,
		Chinese: t.Text(i18n.Chinese, "devissuer.title", nil), English: t.Text(i18n.English, "devissuer.title", nil),
		Hint:  t.Text(locale, "devissuer.hint", nil),
		Query: map[string]string{},
	}
	for name := range r.URL.Query() {
		data.Query[name] = r.URL.Query().Get(name)
	}
	for _, c := range people {
		line := row{Subject: c.Person.ID, Name: c.Person.Name}
		for n, role := range c.Roles {
			if n > 0 {
				line.Roles += " · "
			}
			line.Roles += t.Text(locale, "role."+role, nil)
		}
		if !c.Person.Active {
			line.Inactive = t.Text(locale, "devissuer.inactive", nil)
		}
		data.People = append(data.People, line)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := page.Execute(w, data); err != nil {
		slog.Error("devissuer", "error", err)
	}
}

// choose sends the browser back with a code for whom it chose.
func (i *Issuer) choose(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read", http.StatusBadRequest)
		return
	}
	asked, wrong := i.read(r.PostForm)
	if wrong != "" {
		http.Error(w, wrong, http.StatusBadRequest)
		return
	}
	choice, ok := i.find(r.Context(), r.PostForm.Get("sub"))
	if !ok {
		http.Error(w, "nobody by that name", http.StatusBadRequest)
		return
	}
	code := i.give(grant{
		subject: choice.Person.ID, name: choice.Person.Name,
		redirect: asked.Redirect, challenge: asked.Challenge, nonce: asked.Nonce,
	})
	back, _ := url.Parse(asked.Redirect) // read has parsed it
	query := back.Query()
	query.Set("code", code)
	query.Set("state", asked.State)
	query.Set("iss", i.Issuer())
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

// redeem turns a code into an id_token, once, for who started it.
func (i *Issuer) redeem(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id != ClientID || !same(secret, i.config.Secret) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if r.PostForm.Get("grant_type") != "authorization_code" {
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	g, ok := i.take(r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || !same(challenge, g.challenge) || r.PostForm.Get("redirect_uri") != g.redirect {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	idToken, err := i.sign(g)
	if err != nil {
		slog.Error("devissuer", "error", err)
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"access_token": token(), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "id_token": idToken,
	})
}

func (i *Issuer) sign(g grant) (string, error) {
	now := time.Now()
	claims := jwt.Claims{
		Issuer: i.Issuer(), Subject: g.subject, Audience: jwt.Audience{ClientID},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLife)),
	}
	own := struct {
		Nonce    string `json:"nonce"`
		Name     string `json:"name"`
		AuthTime int64  `json:"auth_time"`
	}{g.nonce, g.name, now.Unix()}
	return jwt.Signed(i.signer).Claims(claims).Claims(own).Serialize()
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"error": code})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Error("devissuer", "error", err)
	}
}
