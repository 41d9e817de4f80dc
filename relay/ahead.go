package relay

import (
	"context"
	"slices"
	"sync"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// aheadMost is how many messages are read for at once: few enough that what was read
// still holds when the last of them leaves.
const aheadMost = 5 * noticesAtOnce

// ahead is what the messages of one batch need to know, read for all of them in a few
// statements. What is not in it is asked of the books.
type ahead struct {
	mail *Mail    // p.Mail, that asks here first
	over []string // tasks that are open no more

	wishes Wishes
	wished map[string]notice.Wishes
	keyed  sync.Mutex
	key    []byte

	addresses AddressBook
	stands    map[string]store.MailAddress // by address, as it is kept
}

// ahead reads for some messages.
func (p *Post) ahead(ctx context.Context, messages []store.Delivery) (*ahead, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeMax)
	defer cancel()
	mail := *p.Mail
	a := &ahead{mail: &mail, wishes: mail.Wishes, addresses: mail.Addresses}
	if err := a.readTasks(ctx, p.Book, messages); err != nil {
		return nil, err
	}
	written := slices.DeleteFunc(slices.Clone(messages), func(d store.Delivery) bool {
		return !slices.Contains(d.Channels, notice.Mail)
	})
	if len(written) == 0 {
		return a, nil
	}
	return a, a.readPeople(ctx, p.Book, written)
}

// readTasks reads which tasks are over, and writes down the letters that lead to a page
// of their own.
func (a *ahead) readTasks(ctx context.Context, book PostBook, messages []store.Delivery) (err error) {
	var asked []string
	var alone []store.Notice
	for _, d := range messages {
		for _, n := range d.All {
			if notice.Asks(n.Kind) && n.Task != "" {
				asked = append(asked, n.Task)
			}
		}
		if a.asksAlone(d) {
			alone = append(alone, d.All[0])
		}
	}
	if len(asked) > 0 {
		if a.over, err = book.TasksOver(ctx, asked); err != nil {
			return err
		}
	}
	return a.writeLetters(ctx, book, alone)
}

// asksAlone says whether a message is a letter with one notice, which asks somebody to
// decide. One that is a letter only where an app refuses it is written down then.
func (a *ahead) asksAlone(d store.Delivery) bool {
	return len(d.All) == 1 && d.Shape != store.DeliveryDigest &&
		slices.Index(d.Channels, notice.Mail) == 0 && a.mail.asksByLetter(d.All[0])
}

// writeLetters writes down what letters ask, all at once, before any is sent.
func (a *ahead) writeLetters(ctx context.Context, book PostBook, alone []store.Notice) error {
	alone = slices.DeleteFunc(alone, func(n store.Notice) bool { return slices.Contains(a.over, n.Task) })
	if len(alone) == 0 {
		return nil
	}
	ids := make([]string, len(alone))
	for i, n := range alone {
		ids[i] = n.Task
	}
	tasks, err := book.TasksOf(ctx, ids)
	if err != nil {
		return err
	}
	a.mail.written = map[string]question{}
	var letters []store.NewLetter
	for _, n := range alone {
		if q, asks := a.mail.question(n, tasks[n.Task]); asks {
			a.mail.written[n.ID] = q
			letters = append(letters, q.NewLetter)
		}
	}
	return a.mail.Letters.WriteLetters(ctx, letters...)
}

// readPeople reads how those who are written to want it, and how their addresses stand.
func (a *ahead) readPeople(ctx context.Context, book PostBook, written []store.Delivery) error {
	people, err := a.mail.Directory.Snapshot(ctx, 0)
	if err != nil {
		return err
	}
	var ids, addresses []string
	for _, d := range written {
		ids, addresses = append(ids, d.Person), append(addresses, people.People[d.Person].Email)
	}
	if a.wishes != nil {
		if a.wished, err = book.WishesOf(ctx, ids); err != nil {
			return err
		}
		a.mail.Wishes = a
	}
	if a.addresses != nil {
		a.stands, err = book.MailAddresses(ctx, addresses)
		a.mail.Addresses = a
	}
	return err
}

// Wishes is how somebody who is written to wants to be told.
func (a *ahead) Wishes(_ context.Context, person string) (notice.Wishes, error) {
	return a.wished[person], nil
}

// NoticeKey is asked for once, by the first letter that needs it.
func (a *ahead) NoticeKey(ctx context.Context) (key []byte, err error) {
	a.keyed.Lock()
	defer a.keyed.Unlock()
	if a.key == nil {
		a.key, err = a.wishes.NoticeKey(ctx)
	}
	return a.key, err
}

// MailAddress is how an address stands; one that is new, or another's, is written down.
func (a *ahead) MailAddress(ctx context.Context, address, person string) (store.MailAddress, error) {
	if at, known := a.stands[store.AddressKey(address)]; known && at.Person == person {
		return at, nil
	}
	return a.addresses.MailAddress(ctx, address, person)
}

// MailReported notes what was said of an address.
func (a *ahead) MailReported(ctx context.Context, address, token, status string) error {
	return a.addresses.MailReported(ctx, address, token, status)
}
