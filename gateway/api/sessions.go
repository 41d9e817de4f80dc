package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

func (a *API) sessions() {
	const tag = "Sessions"
	add(a, operation{"list-sessions", http.MethodGet, "/sessions", tag, "Where one is signed in; no program sees it", 0},
		a.listSessions)
	add(a, operation{"end-session", http.MethodDelete, "/sessions/{id}", tag, "Sign out somewhere else, at once", 204},
		a.endSession)
}

// Session is one browser that somebody is signed in with.
type Session struct {
	ID        string     `json:"id"`
	Own       bool       `json:"own" doc:"The one that asks"`
	Provider  string     `json:"provider"`
	Agent     string     `json:"agent" doc:"What the browser says it is"`
	Address   string     `json:"address"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
	SeenAt    *time.Time `json:"seen_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

func sessionOf(s store.SessionInfo) Session {
	return Session{
		s.ID, s.Own, s.Provider, s.Agent, s.Address, instant(s.CreatedAt), instant(s.SeenAt), instant(s.ExpiresAt),
	}
}

// SessionsOutput is somebody's own sessions.
type SessionsOutput struct{ Body List[Session] }

// listSessions handles GET /sessions.
func (a *API) listSessions(ctx context.Context, _ *MeInput) (*SessionsOutput, error) {
	who, _ := auth.Of(ctx)
	sessions, err := a.desk.Sessions(ctx, who)
	if err != nil {
		return nil, err
	}
	return &SessionsOutput{Body: listOf(sessions, "", nil, sessionOf)}, nil
}

// endSession handles DELETE /sessions/{id}.
func (a *API) endSession(ctx context.Context, in *TokenIDInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.EndSession(ctx, who, in.ID)
}
