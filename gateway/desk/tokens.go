package desk

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// TokenInput is a token that somebody asks for.
type TokenInput struct {
	Name    string
	Scopes  []string // noun:verb, or noun:* for a noun, but for what has to be named
	Expires time.Time
}

// NewToken makes a token for somebody's own programs, and shows it once. It can
// do what its scopes say and never more than its person.
//
// Errors: Invalid token.bad_scope, token.by_operator, token.bad_expiry; Conflict token.shown_once
// for a repeat, because the token itself is not kept.
func (d *Desk) NewToken(ctx context.Context, who auth.Who, in TokenInput, key Key) (
	token string, row store.Token, err error) {
	if err := need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}}); err != nil {
		return "", store.Token{}, err
	}
	if err := checkScopes(in.Scopes); err != nil {
		return "", store.Token{}, err
	}
	if now := d.now(); !in.Expires.After(now) || in.Expires.Sub(now) > TokenLifeMax {
		days := strconv.Itoa(int(TokenLifeMax.Hours() / 24))
		return "", store.Token{}, fault.New(fault.Invalid, "token.bad_expiry",
			fault.Field("expires_at"), fault.Arg("max", days))
	}
	id := idOf(who, key)
	if key.Key != "" {
		if twice, err := d.hasToken(ctx, who, id); err != nil || twice {
			return "", store.Token{}, cmpError(err, fault.New(fault.Conflict, "token.shown_once"))
		}
	}
	token, hash := auth.NewToken()
	row, err = d.Store.CreateToken(ctx, store.Token{
		ID: id, Hash: hash, Person: who.Person.ID, Name: in.Name, Scopes: in.Scopes, ExpiresAt: in.Expires.UTC(),
	})
	return token, row, err
}

func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

func (d *Desk) hasToken(ctx context.Context, who auth.Who, id string) (bool, error) {
	tokens, err := d.Store.Tokens(ctx, who.Person.ID)
	return slices.ContainsFunc(tokens, func(t store.Token) bool { return t.ID == id }), err
}

func checkScopes(scopes []string) error {
	known := access.Permissions()
	for i, scope := range scopes {
		// Who speaks as a directory gives roles by its groups, and one administrator alone may give none.
		if strings.HasPrefix(scope, "scim:") {
			return fault.New(fault.Invalid, "token.by_operator", fault.Arg("scope", scope),
				fault.Field("scopes["+strconv.Itoa(i)+"]"))
		}
		noun, all := strings.CutSuffix(scope, ":*")
		ok := slices.Contains(known, scope)
		if all {
			ok = slices.ContainsFunc(known, func(p string) bool { return strings.HasPrefix(p, noun+":") })
		}
		if source, of := strings.CutPrefix(scope, access.ForSource(access.InboundSend, "")); of {
			ok = source != ""
		}
		if !ok {
			return fault.New(fault.Invalid, "token.bad_scope", fault.Arg("scope", scope),
				fault.Field("scopes["+strconv.Itoa(i)+"]"))
		}
	}
	return nil
}

// Tokens lists somebody's own tokens.
func (d *Desk) Tokens(ctx context.Context, who auth.Who) ([]store.Token, error) {
	if err := need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}}); err != nil {
		return nil, err
	}
	return d.Store.Tokens(ctx, who.Person.ID)
}

// RevokeToken ends one of somebody's own tokens at once.
func (d *Desk) RevokeToken(ctx context.Context, who auth.Who, id string) error {
	if err := need(who, access.TokenManage, access.Object{Owners: []string{who.Person.ID}}); err != nil {
		return err
	}
	if uuid.Validate(id) != nil {
		return fault.New(fault.NotFound, "token.not_found")
	}
	return d.Store.RevokeToken(ctx, who.Person.ID, id)
}
