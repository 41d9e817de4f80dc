package auth

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// SignedOutPath is where a browser comes back to from signing out at its provider.
const SignedOutPath = "/login?signed_out=1"

// Leave ends the session here and now, and answers with where the browser signs out
// at its provider too; "" where there is no such place.
func (a *Auth) Leave(ctx context.Context) (there string, err error) {
	id, token := a.sessions.GetString(ctx, keyProvider), a.sessions.GetString(ctx, keyIDToken)
	if err := a.sessions.Destroy(ctx); err != nil {
		return "", err
	}
	for _, p := range a.providers { // none, where it was taken out of the configuration
		if p.ID() == id {
			return p.SignOut(token, strings.TrimSuffix(a.config.Public, "/")+SignedOutPath), nil
		}
	}
	return "", nil
}

// Logout handles POST /logout where there are no pages.
func (a *Auth) Logout(w http.ResponseWriter, r *http.Request) {
	if _, err := a.Leave(r.Context()); err != nil {
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

const logoutTokenMax = 16 << 10

// SignedOut handles POST /login/{provider}/backchannel: a provider tells that
// somebody signed out there. Its token is the only credential, good once.
func (a *Auth) SignedOut(w http.ResponseWriter, r *http.Request, provider string) {
	ended, err := a.signedOut(w, r, provider)
	w.Header().Set("Cache-Control", "no-store")
	if err == nil {
		slog.InfoContext(r.Context(), "signed out at the provider", "provider", provider, "sessions", ended)
		w.WriteHeader(http.StatusOK)
		return
	}
	slog.WarnContext(r.Context(), "logout token refused", "provider", provider, "error", err.Error())
	if kind := fault.KindOf(err); kind != fault.Forbidden && kind != fault.Conflict && kind != fault.Invalid {
		problem.Write(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest) // as OpenID Connect Back-Channel Logout 1.0 has it
	_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_request"})
}

func (a *Auth) signedOut(w http.ResponseWriter, r *http.Request, provider string) (int, error) {
	p, err := a.provider(provider)
	if err != nil {
		return 0, err
	}
	r.Body = http.MaxBytesReader(w, r.Body, logoutTokenMax)
	told, err := p.SignedOut(r.Context(), r.PostFormValue("logout_token"))
	if err != nil {
		return 0, err
	}
	return a.bindings.UseLogoutToken(r.Context(), store.LogoutToken{
		Issuer: told.Issuer, ID: told.ID, Subject: told.Subject, Session: told.Session, Expires: told.Expires,
	})
}
