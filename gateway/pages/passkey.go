package pages

import (
	"encoding/json"
	"net/http"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// passkeyBox says that decisions here are signed with a passkey, and how one comes to it.
type passkeyBox struct {
	Ask   string // where the question is
	Here  string // address of the page, for another browser
	Have  bool   // the reader has a passkey that signs here
	Named bool   // passkeys can be made at this address at all
	App   bool   // the page is shown within another app
}

// passkeyBox is nil where the reader decides nothing, or no passkey is asked for.
func (v *visit) passkeyBox(state approval.State, decide *decideForm) (*passkeyBox, error) {
	if state.Plan == nil || !state.Plan.Passkey || decide == nil || decide.Advice {
		return nil, nil
	}
	at := documentAt(state.Document)
	box := &passkeyBox{Ask: at + "/passkey", Here: v.address(at), App: auth.InApp(v.r.UserAgent())}
	usable, err := v.desk().UsablePasskeys(v.r.Context(), v.who)
	switch code := fault.CodeOf(err); {
	case err == nil:
		box.Have, box.Named = len(usable) > 0, true
	case code == "passkey.none":
		box.Named = true
	case code != "passkey.no_name" && code != "act.person_only":
		return nil, err
	}
	return box, nil
}

// address is where a page lies for whoever is not in this browser.
func (v *visit) address(path string) string {
	scheme := "http://"
	if v.pages.deps.Secure {
		scheme = "https://"
	}
	return scheme + v.r.Host + path
}

// askPasskey handles POST /documents/:id/passkey: the question by which exactly the
// decision that the form would send is signed. It is for the script.
func askPasskey(v *visit) error {
	in, err := v.decided()
	if err == nil && (in.Act == approval.Sanction || in.Act == approval.Amend) {
		if _, err = v.patch(&in); err == nil && in.Act == approval.Amend {
			in.Changes, err = v.unspaced(in.Changes)
		}
	}
	var question desk.Question
	if err == nil {
		question, err = v.desk().AskToSign(v.r.Context(), v.who, in, v.thenYes(in))
	}
	if f, refused := fault.As(err); refused && f.Kind != fault.Internal {
		return v.json(problem.Status(f), map[string]string{"fault": v.faultText(f), "code": f.Code})
	}
	if err != nil {
		return err
	}
	return v.json(http.StatusOK, map[string]any{
		"nonce": question.Nonce, "together": question.Together, "public_key": question.Options,
	})
}

// json answers a script of ours.
func (v *visit) json(status int, body any) error {
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.Header().Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(status)
	_ = json.NewEncoder(v.w).Encode(body) // the reader went away
	return nil
}

// signed is what a passkey signed of a decision, as the script put it into the form;
// nil where there is none.
func (v *visit) signed() (*passkey.Assertion, error) {
	text := v.asked("passkey")
	if text == "" {
		return nil, nil
	}
	var signed passkey.Assertion
	if json.Unmarshal([]byte(text), &signed) != nil {
		return nil, fault.New(fault.Invalid, "request.bad_value", fault.Field("passkey"))
	}
	return &signed, nil
}
