package desk

import (
	"context"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

var _ = fault.Register(map[string]fault.Entry{
	"act.to_unknown": {Kind: fault.Invalid, Args: []string{"person"}},
	"act.to_several": {Kind: fault.Invalid, Args: []string{"person"}},
})

// meant finds the accounts of the people whom somebody names as people do: by
// account, by e-mail address, or by the whole name where one active person has it.
//
// Errors: Invalid act.to_unknown, act.to_several.
func (d *Desk) meant(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	people, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(names))
	for _, name := range names {
		id, err := personMeant(people, strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func personMeant(people *org.Snapshot, name string) (string, error) {
	if person, known := people.People[name]; known && person.Active {
		return person.ID, nil
	}
	var found []string
	for id, person := range people.People {
		if person.Active && (strings.EqualFold(person.Email, name) || person.Name == name) && name != "" {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fault.New(fault.Invalid, "act.to_unknown", fault.Field("to"), fault.Arg("person", name))
	}
	return "", fault.New(fault.Invalid, "act.to_several", fault.Field("to"), fault.Arg("person", name))
}

// atField is a fault blamed on the field that somebody filled in; anything else as it is.
func atField(err error, field string) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	at := *f
	at.Field = field
	return &at
}
