package auth

import (
	"context"
	"strings"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// personOf is the id of the person behind an identity. It is bound once, and from
// then on nothing but the binding says whose it is.
//
// Errors: Forbidden auth.unknown_person, auth.inactive; Conflict identity.bound_elsewhere.
func (a *Auth) personOf(ctx context.Context, p identity.Provider, who identity.Identity) (string, error) {
	if app, messenger := p.(Messenger); messenger {
		return a.member(ctx, app, who.Subject)
	}
	if a.config.DevIssuer != "" && who.Issuer == a.config.DevIssuer {
		_, err := a.know(ctx, who.Subject) // the development issuer speaks of people by their ids
		return who.Subject, err
	}
	person, err := a.store.IdentityPerson(ctx, who.Issuer, who.Subject)
	if err == nil {
		_, err = a.know(ctx, person)
		return person, err
	}
	if fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	person, how, err := a.meant(ctx, who)
	if err != nil {
		return "", err
	}
	if _, err := a.know(ctx, person); err != nil {
		return "", err
	}
	return person, a.store.BindIdentity(ctx, store.Binding{
		Issuer: who.Issuer, Subject: who.Subject, Person: person, How: how,
	})
}

// meant is who an identity is at its first sign-in: whose subject the directory
// names, else whom the issuer names in what it is trusted with. Where several
// providers are trusted, a bare subject could be anybody's: it must be kept with its
// issuer. An address that was changed names nobody: it is an operator's to say whose
// account it is.
func (a *Auth) meant(ctx context.Context, who identity.Identity) (person, how string, err error) {
	unknown := fault.New(fault.Forbidden, "auth.unknown_person")
	named, err := a.store.PersonBySubject(ctx, who.Issuer, who.Subject)
	if err == nil && (len(a.providers) == 1 || named.Subject == who.Issuer+"|"+who.Subject) {
		return named.ID, store.BoundByDirectory, nil
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return "", "", err
	}
	snapshot, err := a.store.Snapshot(ctx, 0)
	if err != nil {
		return "", "", err
	}
	if _, known := snapshot.People[who.Person]; known {
		return who.Person, store.BoundByClaim, nil
	}
	id := byEmail(snapshot, who.Email)
	if id == "" {
		return "", "", unknown
	}
	kept, err := a.store.AddressKept(ctx, id, who.Email)
	if err != nil {
		return "", "", err
	}
	if !kept {
		return "", "", unknown
	}
	return id, store.BoundByEmail, nil
}

// byEmail is the one active person with an address; "" where there is none, or two.
func byEmail(snapshot *org.Snapshot, email string) string {
	found := ""
	for id, p := range snapshot.People {
		switch {
		case email == "" || !p.Active || !strings.EqualFold(p.Email, email):
		case found != "":
			return ""
		default:
			found = id
		}
	}
	return found
}
