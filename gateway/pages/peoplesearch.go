package pages

import (
	"encoding/json"

	"github.com/countersign/countersign/policy/doctype"
)

// suggestMost is how many people are proposed while somebody types.
const suggestMost = 20

// suggestion is somebody who may be meant: what to write, and who that is.
type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// suggestPeople handles GET /organisation/suggest: the people whom a few letters find,
// for the script that proposes them. Each is written so that it means them alone.
func suggestPeople(v *visit) error {
	people, err := v.desk().People(v.r.Context(), v.who, v.asked("q"))
	if err != nil {
		return err
	}
	found := []suggestion{}
	for _, p := range people[:min(len(people), suggestMost)] {
		found = append(found, suggestion{v.called(p.ID), p.Name + " · " + p.ID + " · " + v.department(p.Department)})
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(v.w).Encode(found)
}

// called is how a form names somebody so that it is understood again: by name where
// only one active person has it, else by account.
func (v *visit) called(id string) string {
	if name := v.org.People[id].Name; name != "" && v.personNamed(name) == id {
		return name
	}
	return id
}

// meantMost is how many are named whom somebody may have meant.
const meantMost = 5

// peopleMeant are those whom a text may mean that names nobody.
func (v *visit) peopleMeant(text string) []string {
	if _, known := v.org.People[text]; known || text == "" {
		return nil
	}
	people, err := v.desk().People(v.r.Context(), v.who, text)
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range people[:min(len(people), meantMost)] {
		names = append(names, v.called(p.ID))
	}
	return names
}

// withPeople reads the people of a form, who are named as people do: by account, by
// e-mail or by the whole name.
func (v *visit) withPeople(f form, t *doctype.Type) form {
	for _, field := range t.Fields {
		if field.Kind == doctype.Person {
			f.Fields[field.Name] = v.personNamed(f.Fields[field.Name])
		}
	}
	return f
}
