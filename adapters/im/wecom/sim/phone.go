package sim

import (
	_ "embed" // the phone's page
	"html/template"
	"net/http"
	"net/url"
	"slices"
)

//go:embed phone.html
var phoneText string

//go:embed phone.css
var phoneStyle []byte

var phonePage = template.Must(template.New("phone").Parse(phoneText))

func (s *Server) phone() {
	s.mux.HandleFunc("GET /phone/", s.showPhone)
	s.mux.HandleFunc("GET /phone/phone.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(phoneStyle) // whoever asked is gone
	})
	s.mux.HandleFunc("POST /phone/press", s.pressPhone)
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/phone/", http.StatusSeeOther)
	})
}

// showPhone shows the cards of whose phone it is: ?as= says, and a cookie keeps it.
func (s *Server) showPhone(w http.ResponseWriter, r *http.Request) {
	as := r.URL.Query().Get("as")
	if cookie, err := r.Cookie(phoneCookie); as == "" && err == nil {
		as = cookie.Value
	}
	if as != "" {
		http.SetCookie(w, &http.Cookie{Name: phoneCookie, Value: as, Path: "/", HttpOnly: true,
			SameSite: http.SameSiteLaxMode})
	}
	s.mutex.Lock()
	members := slices.Clone(s.members)
	s.mutex.Unlock()
	cards := s.Cards(as)
	slices.Reverse(cards)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	_ = phonePage.Execute(w, struct { // whoever asked is gone
		As      string
		Members []Member
		Cards   []Card
		Taken   string
	}{as, members, cards, r.URL.Query().Get("taken")})
}

// pressPhone presses, waits until the callback was taken or given up, and shows again.
func (s *Server) pressPhone(w http.ResponseWriter, r *http.Request) {
	protection := http.NewCrossOriginProtection()
	if err := protection.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	as := r.FormValue("as")
	taken, err := s.Press(r.Context(), as, r.FormValue("task"), r.FormValue("key"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	said := map[bool]string{true: "yes", false: "no"}[taken]
	http.Redirect(w, r, "/phone/?"+url.Values{"as": {as}, "taken": {said}}.Encode(), http.StatusSeeOther)
}
