package relay

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/mail"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// Mail is the courier that sends notices as letters, in the words and the
// language of whom they are for.
type Mail struct {
	Sender    Sender
	Directory Directory
	Text      func(locale, key string, args map[string]string) string // the catalogs
	Locale    string                                                  // of people who chose none
	Zone      *time.Location                                          // of people whose entity has none
	PublicURL string                                                  // how people reach the gateway, without a path
	Wishes    Wishes                                                  // nil: nobody chose a language
	Addresses AddressBook                                             // nil: every address is written to
	Bounces   *mail.Bounces                                           // nil: letters come back to the sender
	Letters   LetterBook                                              // nil: letters lead to the document alone
	Replies   *mail.Replies                                           // nil: nobody decides by answering a letter

	written map[string]question // by notice: letters that were written down ahead
}

// Wishes knows how people want to be told.
type Wishes interface {
	Wishes(ctx context.Context, person string) (notice.Wishes, error)
	NoticeKey(ctx context.Context) ([]byte, error) // that links by which they leave a topic are sealed with
}

// Sender hands letters to a mail server.
type Sender interface {
	Send(ctx context.Context, l mail.Letter) error
}

// Directory knows the people.
type Directory interface {
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
}

var _ = fault.Register(map[string]fault.Entry{
	"notice.nobody":     {Kind: fault.Invalid, Args: []string{"person"}},
	"notice.no_address": {Kind: fault.Invalid, Args: []string{"person"}},
})

// Deliver sends one notice to its person.
//
// Safe to repeat: the letter keeps its id. Errors: Invalid where it can never
// arrive (nobody, no address, refused for good); anything else may pass.
func (m *Mail) Deliver(ctx context.Context, n store.Notice) error {
	person, people, err := m.reader(ctx, n.Person)
	if err != nil {
		return err
	}
	if person.Email == "" {
		return fault.New(fault.Invalid, "notice.no_address", fault.Arg("person", n.Person))
	}
	letter := m.letter(n, person, people)
	if err := m.leave(ctx, &letter, person, n.Kind); err != nil {
		return err
	}
	if err := m.reach(ctx, person, &letter); err != nil {
		return err
	}
	if err := m.ask(ctx, n, person, &letter); err != nil {
		return err
	}
	return m.reached(ctx, person, m.Sender.Send(ctx, letter))
}

// reader is whom a notice is for, with the language they chose.
//
// Errors: Invalid notice.nobody.
func (m *Mail) reader(ctx context.Context, id string) (org.Person, *org.Snapshot, error) {
	people, err := m.Directory.Snapshot(ctx, 0)
	if err != nil {
		return org.Person{}, nil, fmt.Errorf("reading the directory: %w", err)
	}
	person, known := people.People[id]
	if !known || !person.Active {
		return org.Person{}, nil, fault.New(fault.Invalid, "notice.nobody", fault.Arg("person", id))
	}
	var wishes notice.Wishes
	if m.Wishes != nil {
		if wishes, err = m.Wishes.Wishes(ctx, id); err != nil {
			return org.Person{}, nil, fmt.Errorf("reading the wishes: %w", err)
		}
	}
	person.Locale = cmp.Or(wishes.Locale, person.Locale, m.Locale)
	return person, people, nil
}

// leave lets somebody do without what a letter tells of, where nothing in it is owed.
func (m *Mail) leave(ctx context.Context, l *mail.Letter, to org.Person, kinds ...string) error {
	topics := notice.LeavableBy(kinds...)
	if m.Wishes == nil || len(topics) == 0 {
		return nil
	}
	key, err := m.Wishes.NoticeKey(ctx)
	if err != nil {
		return fmt.Errorf("reading the key of notices: %w", err)
	}
	l.Leave = m.PublicURL + "/leave/" + notice.Leave{Person: to.ID, Topics: topics}.Sealed(key)
	l.Others = append(l.Others, mail.Link{Words: m.Text(to.Locale, "told.leave", nil), URL: l.Leave})
	return nil
}

func (m *Mail) letter(n store.Notice, to org.Person, people *org.Snapshot) mail.Letter {
	locale := to.Locale
	args := m.words(n, locale, to, people)
	return mail.Letter{
		ID: n.ID, Name: to.Name, Address: to.Email,
		Subject: m.Text(locale, "notice."+n.Kind+".subject", args),
		Body:    m.Text(locale, "notice."+n.Kind+".body", args),
		Link:    m.PublicURL + n.Path(),
		Button:  m.Text(locale, "notice.open", nil),
	}
}

// words turns a notice's data into what a person reads: names for ids, decimal
// text for minor units, the step's title and instants in the reader's terms.
func (m *Mail) words(n store.Notice, locale string, to org.Person, people *org.Snapshot) map[string]string {
	args := maps.Clone(n.Data)
	if args == nil {
		args = map[string]string{}
	}
	args["name"] = to.Name
	for _, key := range []string{"by", "to", "for", "person", "delegate"} {
		if args[key] != "" {
			args[key] = m.named(args[key], locale, people)
		}
	}
	if minor, err := strconv.ParseInt(args["amount_minor"], 10, 64); err == nil {
		amount := money.Amount{Minor: minor, Currency: money.Currency(args["currency"])}
		args["amount"] = amount.Text() + " " + args["currency"]
	}
	if title := args["step."+locale]; title != "" {
		args["step"] = title
	}
	for key, word := range map[string]string{"due_at": "due", "was": "was", "from_at": "from", "until_at": "until"} {
		if at, err := time.Parse(time.RFC3339Nano, args[key]); err == nil {
			args[word] = at.In(m.zoneOf(to, people)).Format("2006-01-02 15:04")
		}
	}
	for _, key := range []string{"code", "reason", "act", "what"} {
		m.explain(args, key, locale)
	}
	return args
}

// named says who is meant by ids that commas part: people by their names, the
// queue and the house itself by the words of the catalogs.
func (m *Mail) named(ids, locale string, people *org.Snapshot) string {
	var names []string
	for id := range strings.SplitSeq(ids, ",") {
		name := id
		if person, known := people.People[id]; known {
			name = person.Name
		} else if text := m.Text(locale, "actor."+id, nil); text != "actor."+id {
			name = text
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// explain replaces a code with its text where the catalogs have one.
func (m *Mail) explain(args map[string]string, key, locale string) {
	code := args[key]
	if code == "" {
		return
	}
	prefix := map[string]string{"code": "fault.", "reason": "reason.", "act": "act.", "what": "what."}[key]
	if text := m.Text(locale, prefix+code, args); text != prefix+code {
		args[key] = text
	}
}

func (m *Mail) zoneOf(to org.Person, people *org.Snapshot) *time.Location {
	if zone, err := time.LoadLocation(people.Entities[to.Entity].Zone); err == nil && zone != time.UTC {
		return zone
	}
	return m.Zone
}
