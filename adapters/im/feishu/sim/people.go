package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// pageMax is how many a page holds here: few, so that tests turn pages.
const pageMax = 2

// departments lists all there are below the root.
func (s *Sim) departments(r *http.Request, _ []byte) simphone.Answer {
	if r.PathValue("id") != "0" || r.URL.Query().Get("fetch_child") != "true" {
		return refuse(http.StatusBadRequest, 40011, "only the whole tree is simulated")
	}
	var ids []string
	for _, p := range s.config.People {
		if p.Department != "" && !slices.Contains(ids, p.Department) {
			ids = append(ids, p.Department)
		}
	}
	items, more, next := paged(ids, r.URL.Query())
	all := []map[string]any{}
	for _, id := range items {
		all = append(all, map[string]any{"open_department_id": id, "name": id})
	}
	return ok(map[string]any{"items": all, "has_more": more, "page_token": next})
}

// members lists who is in one department itself; "0" is the root. Who is out of the
// app's range is not there.
func (s *Sim) members(r *http.Request, _ []byte) simphone.Answer {
	q := r.URL.Query()
	department := q.Get("department_id")
	if department == "0" {
		department = ""
	}
	var in []Person
	for _, p := range s.config.People {
		if p.Department == department && !p.Hidden {
			in = append(in, p)
		}
	}
	people, more, next := paged(in, q)
	items := []map[string]any{}
	for _, p := range people {
		items = append(items, map[string]any{"open_id": p.OpenID, "name": p.Name, "enterprise_email": p.Email,
			"employee_no": p.EmployeeNo, "status": map[string]bool{"is_activated": true, "is_resigned": p.Resigned}})
	}
	return ok(map[string]any{"items": items, "has_more": more, "page_token": next})
}

func paged[T any](all []T, q url.Values) (page []T, more bool, next string) {
	from, _ := strconv.Atoi(q.Get("page_token"))
	from = min(max(from, 0), len(all))
	to := min(from+pageMax, len(all))
	if to < len(all) {
		return all[from:to], true, strconv.Itoa(to)
	}
	return all[from:to], false, ""
}

// authorize stands for the page where somebody agrees: ?as= says who they are, by
// default the first. Inside Feishu nobody is asked.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	plain := q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256"
	if err != nil || back.Host == "" || q.Get("client_id") != s.config.AppID || q.Get("response_type") != "code" || plain {
		http.Error(w, "20029 redirect_uri or client_id", http.StatusBadRequest)
		return
	}
	as := q.Get("as")
	if as == "" && len(s.config.People) > 0 {
		as = s.config.People[0].OpenID
	}
	again := back.Query()
	again.Set("code", s.challenged(as, q.Get("redirect_uri"), q.Get("code_challenge")))
	again.Set("state", q.Get("state"))
	back.RawQuery = again.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// Code makes the code of somebody who agreed to come back to redirect.
func (s *Sim) Code(openID, redirect string) string { return s.challenged(openID, redirect, "") }

// challenged makes a code that only who knows the answer to a challenge redeems; "" is none.
func (s *Sim) challenged(openID, redirect, challenge string) string {
	code := random("")
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.codes[code] = openID + "\n" + redirect + "\n" + challenge
	return code
}

// redeem turns a code into a person's token, once.
func (s *Sim) redeem(_ *http.Request, body []byte) simphone.Answer {
	var in struct {
		GrantType    string `json:"grant_type"`
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Code         string `json:"code"`
		RedirectURI  string `json:"redirect_uri"`
		Verifier     string `json:"code_verifier"`
	}
	if json.Unmarshal(body, &in) != nil || in.GrantType != "authorization_code" ||
		in.ClientID != s.config.AppID || in.ClientSecret != s.config.AppSecret {
		return simphone.JSON(http.StatusBadRequest, map[string]any{"code": 20002, "error": "invalid_client"})
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	answer, code := sha256.Sum256([]byte(in.Verifier)), s.codes[in.Code]
	for _, p := range s.config.People {
		agreed := p.OpenID + "\n" + in.RedirectURI + "\n"
		if code == agreed || code == agreed+base64.RawURLEncoding.EncodeToString(answer[:]) {
			delete(s.codes, in.Code)
			token := random("u-")
			s.users[token] = p.OpenID
			return simphone.JSON(http.StatusOK, map[string]any{"code": 0, "access_token": token, "token_type": "Bearer",
				"expires_in": 7200})
		}
	}
	return simphone.JSON(http.StatusBadRequest, map[string]any{"code": 20003, "error": "invalid_grant"})
}

// userInfo says whose a person's token is.
func (s *Sim) userInfo(r *http.Request, _ []byte) simphone.Answer {
	s.mutex.Lock()
	id := s.users[after(r.Header.Get("Authorization"))]
	s.mutex.Unlock()
	p, known := s.person(id)
	if !known {
		return refuse(http.StatusUnauthorized, 20005, "The user access token passed is invalid.")
	}
	return ok(map[string]any{"open_id": p.OpenID, "name": p.Name, "tenant_key": s.config.TenantKey})
}

func after(header string) string {
	if len(header) > len("Bearer ") {
		return header[len("Bearer "):]
	}
	return ""
}
