package api

import (
	"context"
	"net/http"

	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

func (a *API) lostPasskeys() {
	const tag = "Passkeys"
	add(a, operation{
		"list-passkeys-of", http.MethodGet, "/people/{id}/passkeys", tag,
		"The passkeys of somebody, those removed too, for administrators in person", 0,
	},
		a.listPasskeysOf)
	add(a, operation{
		"take-passkey", http.MethodPost, "/people/{id}/passkeys/{passkey}/remove", tag,
		"Take a lost passkey of somebody else away at once; they and every administrator are told", 204,
	},
		a.takePasskey)
}

// HeldPasskey is a passkey of somebody, with who removed it and why.
type HeldPasskey struct {
	Passkey
	RemovedBy string `json:"removed_by,omitempty"`
	Reason    string `json:"reason,omitempty" doc:"Where an administrator removed it"`
}

// HeldPasskeysOutput is the passkeys of somebody.
type HeldPasskeysOutput struct{ Body List[HeldPasskey] }

// listPasskeysOf handles GET /people/{id}/passkeys.
func (a *API) listPasskeysOf(ctx context.Context, in *PersonIDInput) (*HeldPasskeysOutput, error) {
	who, _ := auth.Of(ctx)
	list, err := a.desk.PasskeysOf(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &HeldPasskeysOutput{Body: listOf(list, "", nil, func(p store.Passkey) HeldPasskey {
		return HeldPasskey{passkeyOf(p), p.By, p.Reason}
	})}, nil
}

// TakePasskeyBody says why a passkey goes.
type TakePasskeyBody struct {
	Reason string `json:"reason" maxLength:"2000"`
}

// TakePasskeyInput names a passkey and says why it goes.
type TakePasskeyInput struct {
	Keyed
	ID      string `path:"id" maxLength:"200"`
	Passkey string `path:"passkey" maxLength:"200"`
	Body    TakePasskeyBody
}

// takePasskey handles POST /people/{id}/passkeys/{passkey}/remove.
func (a *API) takePasskey(ctx context.Context, in *TakePasskeyInput) (*struct{}, error) {
	who, _ := auth.Of(ctx)
	key := keyOf("take-passkey", in.IdempotencyKey, in.ID, in.Passkey, in.Body)
	return nil, a.desk.TakePasskey(ctx, who,
		passkey.Removal{Key: in.Passkey, Person: in.ID, Reason: in.Body.Reason}, key)
}
