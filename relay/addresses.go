package relay

import (
	"context"
	"fmt"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// AddressBook knows how the addresses stand that letters go to.
type AddressBook interface {
	MailAddress(ctx context.Context, address, person string) (store.MailAddress, error)
	MailReported(ctx context.Context, address, token, status string) error
}

var _ AddressBook = (*store.Store)(nil)

// reach writes to nobody where nobody is, and says where a letter comes back to.
//
// Errors: Invalid mail.dead: the notice stays in the list of notices.
func (m *Mail) reach(ctx context.Context, to org.Person, l *mail.Letter) error {
	if m.Addresses == nil {
		return nil
	}
	at, err := m.Addresses.MailAddress(ctx, to.Email, to.ID)
	if err != nil {
		return fmt.Errorf("reading how an address stands: %w", err)
	}
	if at.State == letter.Dead {
		return fault.New(fault.Invalid, "mail.dead", fault.Arg("address", to.Email))
	}
	if m.Bounces != nil {
		l.Return = m.Bounces.Address(at.Token)
	}
	return nil
}

// reached notes what the mail server says of an address at once. That it took a letter
// says nothing yet.
func (m *Mail) reached(ctx context.Context, to org.Person, err error) error {
	f, refused := fault.As(err)
	if m.Addresses == nil || !refused || f.Code != "mail.gone" {
		return err
	}
	if noted := m.Addresses.MailReported(context.WithoutCancel(ctx), to.Email, "", f.Args["status"]); noted != nil {
		return noted // it is tried again, and noted then
	}
	return err
}
