package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) tokens() {
	const tag = "Tokens"
	add(a, operation{"list-tokens", http.MethodGet, "/tokens", tag, "One's own tokens", 0},
		a.listTokens)
	add(a, operation{
		"create-token", http.MethodPost, "/tokens", tag,
		"Make a token for a program; it is shown once. noun:* leaves out document:intervene and organisation:write " +
			"(hand-over): name those", 201,
	},
		a.createToken)
	add(a, operation{"revoke-token", http.MethodDelete, "/tokens/{id}", tag, "End a token at once", 204},
		a.revokeToken)
}

// Token is a token without its secret.
type Token struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scopes     []string   `json:"scopes" nullable:"false"`
	CreatedAt  *time.Time `json:"created_at,omitempty"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
}

func tokenOf(t store.Token) Token {
	return Token{
		t.ID, t.Name, append([]string{}, t.Scopes...), instant(t.CreatedAt), instant(t.ExpiresAt), instant(t.RevokedAt),
		instant(t.LastUsedAt),
	}
}

// TokensOutput is somebody's own tokens.
type TokensOutput struct{ Body List[Token] }

// listTokens handles GET /tokens.
func (a *API) listTokens(ctx context.Context, _ *MeInput) (*TokensOutput, error) {
	who, _ := auth.Of(ctx)
	tokens, err := a.desk.Tokens(ctx, who)
	if err != nil {
		return nil, err
	}
	return &TokensOutput{Body: listOf(tokens, "", nil, tokenOf)}, nil
}

// NewTokenBody is a token to be made.
type NewTokenBody struct {
	Name      string    `json:"name" minLength:"1" maxLength:"100"`
	Scopes    []string  `json:"scopes" minItems:"1" maxItems:"50" nullable:"false" doc:"noun:verb, or noun:*"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewTokenInput is a token to be made.
type NewTokenInput struct {
	Keyed
	Body NewTokenBody
}

// ShownToken is a token with its secret, for once.
type ShownToken struct {
	Token
	Secret string `json:"token" doc:"Shown this once; we keep its hash"`
}

// NewTokenOutput is a token that was just made.
type NewTokenOutput struct{ Body ShownToken }

// createToken handles POST /tokens.
func (a *API) createToken(ctx context.Context, in *NewTokenInput) (*NewTokenOutput, error) {
	who, _ := auth.Of(ctx)
	secret, row, err := a.desk.NewToken(ctx, who, desk.TokenInput{
		Name: in.Body.Name, Scopes: in.Body.Scopes, Expires: in.Body.ExpiresAt,
	}, desk.Key{Route: "create-token", Key: in.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	return &NewTokenOutput{Body: ShownToken{tokenOf(row), secret}}, nil
}

// TokenIDInput names a token.
type TokenIDInput struct {
	Keyed
	ID string `path:"id" maxLength:"64"`
}

// revokeToken handles DELETE /tokens/{id}.
func (a *API) revokeToken(ctx context.Context, in *TokenIDInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.RevokeToken(ctx, who, in.ID)
}
