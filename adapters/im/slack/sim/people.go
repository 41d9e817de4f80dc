package sim

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/adapters/im/simphone"
)

// pageMax is how many a page holds here at most: few, so that tests turn pages.
const pageMax = 2

func (s *Sim) members(_ []byte, form url.Values) simphone.Answer {
	from, _ := strconv.Atoi(form.Get("cursor"))
	var seen []Person
	for _, p := range s.config.People {
		if !p.Hidden {
			seen = append(seen, p)
		}
	}
	from = min(max(from, 0), len(seen))
	to := min(from+pageMax, len(seen))
	members := []map[string]any{}
	for _, p := range seen[from:to] {
		members = append(members, map[string]any{"id": p.ID, "name": p.Name, "real_name": p.Name, "deleted": p.Deleted,
			"is_bot": p.Bot, "profile": map[string]string{"email": p.Email}})
	}
	next := ""
	if to < len(seen) {
		next = strconv.Itoa(to)
	}
	return ok(map[string]any{"members": members, "response_metadata": map[string]string{"next_cursor": next}})
}

// authorize stands for the page where somebody agrees: ?as= says who, by default the first.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || q.Get("client_id") != s.config.ClientID || q.Get("response_type") != "code" ||
		!strings.Contains(q.Get("scope"), "openid") {
		http.Error(w, "bad_redirect_uri or invalid_client_id", http.StatusBadRequest)
		return
	}
	as := q.Get("as")
	if as == "" && len(s.config.People) > 0 {
		as = s.config.People[0].ID
	}
	again := back.Query()
	again.Set("code", s.Code(as, q.Get("redirect_uri")))
	again.Set("state", q.Get("state"))
	back.RawQuery = again.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// Code makes the code of somebody who agreed to come back to redirect.
func (s *Sim) Code(user, redirect string) string {
	code := random("")
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.codes[code] = user + "\n" + redirect
	return code
}

// redeem turns a code into a person's token, once.
func (s *Sim) redeem(_ *http.Request, body []byte) simphone.Answer {
	form, _ := url.ParseQuery(string(body))
	if form.Get("client_id") != s.config.ClientID || form.Get("client_secret") != s.config.ClientSecret {
		return refuse("bad_client_secret")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	user, redirect, known := strings.Cut(s.codes[form.Get("code")], "\n")
	switch {
	case !known:
		return refuse("invalid_code")
	case redirect != form.Get("redirect_uri"):
		return refuse("bad_redirect_uri")
	}
	delete(s.codes, form.Get("code"))
	token := random("xoxp-")
	s.users[token] = user
	return ok(map[string]any{"access_token": token, "token_type": "Bearer", "id_token": "not.made.here"})
}

// userInfo says whose a person's token is.
func (s *Sim) userInfo(r *http.Request, body []byte) simphone.Answer {
	form, _ := url.ParseQuery(string(body))
	token := form.Get("token")
	if given, by := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); by {
		token = given
	}
	s.mutex.Lock()
	user, known := s.users[token]
	s.mutex.Unlock()
	if !known {
		return refuse("invalid_auth")
	}
	return ok(map[string]any{"sub": user, "https://slack.com/user_id": user, "https://slack.com/team_id": s.team(user)})
}

// team is the workspace of somebody: those we do not know are of another.
func (s *Sim) team(user string) string {
	if _, known := s.person(user); known {
		return s.config.TeamID
	}
	return "T_OTHER"
}
