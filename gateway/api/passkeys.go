package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) passkeys() {
	const tag = "Passkeys"
	add(a, operation{"list-passkeys", http.MethodGet, "/passkeys", tag, "One's own passkeys, those removed too", 0},
		a.listPasskeys)
	add(a, operation{
		"invite-passkey", http.MethodPost, "/passkeys/invitation", tag,
		"What navigator.credentials.create is given; asks for a sign-in of the last 300 s", 0,
	},
		a.invitePasskey)
	add(a, operation{"add-passkey", http.MethodPost, "/passkeys", tag, "Keep what answered the invitation", 201},
		a.addPasskey)
	add(a, operation{
		"remove-passkey", http.MethodDelete, "/passkeys/{id}", tag,
		"It signs nothing any more; asks for a sign-in of the last 300 s", 204,
	},
		a.removePasskey)
	add(a, operation{
		"ask-passkey", http.MethodPost, "/tasks/{id}/passkey", tag,
		"What navigator.credentials.get is given, to sign exactly this decision; good once, for 5 minutes", 0,
	},
		a.askPasskey)
}

// Passkey is a passkey without its key.
type Passkey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Synced     bool       `json:"synced" doc:"May be on several devices"`
	AddedAt    *time.Time `json:"added_at,omitempty"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	RemovedAt  *time.Time `json:"removed_at,omitempty"`
}

func passkeyOf(p store.Passkey) Passkey {
	return Passkey{p.ID, p.Name, p.Synced, instant(p.AddedAt), instant(p.LastUsedAt), instant(p.RemovedAt)}
}

// PasskeysOutput is somebody's own passkeys.
type PasskeysOutput struct{ Body List[Passkey] }

// listPasskeys handles GET /passkeys.
func (a *API) listPasskeys(ctx context.Context, _ *MeInput) (*PasskeysOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.ListPasskeys(ctx, who)
	if err != nil {
		return nil, err
	}
	return &PasskeysOutput{Body: listOf(list, "", nil, passkeyOf)}, nil
}

// Ceremony is what a browser is asked for.
type Ceremony struct {
	Nonce string `json:"nonce,omitempty" doc:"Goes back with what was signed"`

	Together []string `json:"together,omitempty" nullable:"false" doc:"Goes back too, where one signature covers two acts"`

	PublicKey any `json:"public_key" doc:"As PublicKeyCredential.parse…OptionsFromJSON reads it"`
}

// CeremonyOutput is what a browser is asked for.
type CeremonyOutput struct{ Body Ceremony }

// invitePasskey handles POST /passkeys/invitation.
func (a *API) invitePasskey(ctx context.Context, _ *Keyed) (*CeremonyOutput, error) {
	who, _ := auth.Of(ctx)
	options, err := a.desk.InvitePasskey(ctx, who)
	if err != nil {
		return nil, err
	}
	return &CeremonyOutput{Ceremony{PublicKey: options}}, nil
}

// NewPasskeyBody is the answer to an invitation.
type NewPasskeyBody struct {
	Name   string          `json:"name" minLength:"1" maxLength:"100"`
	Answer json.RawMessage `json:"answer" doc:"PublicKeyCredential.toJSON()"`
}

// NewPasskeyInput is the answer to an invitation.
type NewPasskeyInput struct {
	Keyed
	Body NewPasskeyBody
}

// NewPasskeyOutput is a passkey that was just added.
type NewPasskeyOutput struct{ Body Passkey }

// addPasskey handles POST /passkeys.
func (a *API) addPasskey(ctx context.Context, in *NewPasskeyInput) (*NewPasskeyOutput, error) {
	who, _ := auth.Of(ctx)
	made, err := a.desk.AddPasskey(ctx, who, in.Body.Name, in.Body.Answer)
	if err != nil {
		return nil, err
	}
	return &NewPasskeyOutput{Body: passkeyOf(made)}, nil
}

// removePasskey handles DELETE /passkeys/{id}.
func (a *API) removePasskey(ctx context.Context, in *TokenIDInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	return nil, a.desk.RemovePasskey(ctx, who, in.ID)
}

// SignedBody is what a passkey signed, in base64url as the browser's toJSON() has it.
type SignedBody struct {
	Credential        string `json:"credential" minLength:"1" maxLength:"2000" doc:"id"`
	Nonce             string `json:"nonce" minLength:"1" maxLength:"100" doc:"Of the question"`
	AuthenticatorData string `json:"authenticator_data" minLength:"1" maxLength:"8192"`
	ClientData        string `json:"client_data" minLength:"1" maxLength:"8192" doc:"clientDataJSON"`
	Signature         string `json:"signature" minLength:"1" maxLength:"8192"`

	Together []string `json:"together,omitempty" maxItems:"2" nullable:"false" doc:"Of the question, if it has them"`
}

func (b *SignedBody) assertion() *passkey.Assertion {
	if b == nil {
		return nil
	}
	return &passkey.Assertion{
		Credential: b.Credential, Nonce: b.Nonce, Authenticator: b.AuthenticatorData, Client: b.ClientData,
		Signature: b.Signature, Together: b.Together,
	}
}

// ToSignBody is a decision that is to be signed.
type ToSignBody struct {
	DecisionBody

	Then *ThenBody `json:"then,omitempty" doc:"The approval of what a sanction or amendment makes: one signature"`
}

// ThenBody is the approval that follows a change at once.
type ThenBody struct {
	Opinion string   `json:"opinion,omitempty" maxLength:"2000"`
	To      []string `json:"to,omitempty" maxItems:"20" nullable:"false" doc:"Whom it chooses: account, e-mail or name"`
}

// ToSignInput is a decision that is to be signed.
type ToSignInput struct {
	Keyed
	ID   string `path:"id" maxLength:"200"`
	Body ToSignBody
}

// askPasskey handles POST /tasks/{id}/passkey.
func (a *API) askPasskey(ctx context.Context, in *ToSignInput) (*CeremonyOutput, error) {
	who, _ := auth.Of(ctx)
	decision, err := (&DecisionInput{Keyed: in.Keyed, ID: in.ID, Body: in.Body.DecisionBody}).decision(who)
	if err != nil {
		return nil, err
	}
	var yes *desk.Decision
	if then := in.Body.Then; then != nil {
		yes = &desk.Decision{Opinion: then.Opinion, To: then.To}
	}
	question, err := a.desk.AskToSign(ctx, who, decision, yes)
	if err != nil {
		return nil, err
	}
	return &CeremonyOutput{Ceremony{question.Nonce, question.Together, question.Options}}, nil
}
