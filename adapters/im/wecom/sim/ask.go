package sim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

const bodyMax = 1 << 20

// said is an answer: errcode, errmsg and the rest.
type said map[string]any

func refused(code int, words string) said { return said{"errcode": code, "errmsg": words} }

func granted(rest said) said {
	rest["errcode"], rest["errmsg"] = 0, "ok"
	return rest
}

func write(w http.ResponseWriter, answer said) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_ = json.NewEncoder(w).Encode(answer) // whoever asked is gone
}

// trusted says whether an address may ask anything.
func (s *Server) trusted(r *http.Request) bool {
	if len(s.options.Trusted) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, network := range s.options.Trusted {
		if network.Contains(from.Addr()) {
			return true
		}
	}
	return false
}

// giveToken exchanges the app's secret for a token, the same one until it ends.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	query := r.URL.Query()
	if query.Get("corpid") != s.options.Corp {
		write(w, refused(40013, "invalid corpid"))
		return
	}
	if query.Get("corpsecret") != s.options.Secret {
		write(w, refused(40001, "invalid credential"))
		return
	}
	now := s.options.Now()
	for token, until := range s.tokens {
		if now.Before(until) {
			write(w, granted(said{"access_token": token, "expires_in": int(until.Sub(now).Seconds())}))
			return
		}
	}
	s.serial++
	token := "token-" + strconv.Itoa(s.serial)
	s.tokens[token] = now.Add(s.options.TokenLife)
	write(w, granted(said{"access_token": token, "expires_in": int(s.options.TokenLife.Seconds())}))
}

// asked guards a method: where it comes from, its token, how often, and what was
// planned to go wrong.
func (s *Server) asked(op string, answer func(r *http.Request, body []byte) said) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, bodyMax))
		if err != nil {
			return
		}
		fault := s.planned(op)
		time.Sleep(fault.Delay)
		if fault.Kind == Before500 {
			http.Error(w, "planned", http.StatusInternalServerError)
			s.journal.note(op, body, "none", "500")
			return
		}
		out := s.guarded(r, func() said {
			if fault.Kind == Limited {
				return refused(45009, "api freq out of limit")
			}
			return answer(r, body)
		})
		effect := "none"
		if out["errcode"] == 0 {
			effect = "applied"
		}
		s.journal.note(op, body, effect, string(fault.Kind))
		if fault.Kind == DropReply {
			panic(http.ErrAbortHandler) // it was done, and nobody is told
		}
		write(w, out)
	}
}

func (s *Server) guarded(r *http.Request, answer func() said) said {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.trusted(r) {
		return refused(60020, "not allow to access from your ip")
	}
	until, known := s.tokens[r.URL.Query().Get("access_token")]
	if !known {
		return refused(40014, "invalid access_token")
	}
	now := s.options.Now()
	if !now.Before(until) {
		return refused(42001, "access_token expired")
	}
	for len(s.calls) > 0 && now.Sub(s.calls[0]) > time.Minute {
		s.calls = s.calls[1:]
	}
	if len(s.calls) >= s.options.PerMinute {
		return refused(45009, "api freq out of limit")
	}
	s.calls = append(s.calls, now)
	return answer()
}
