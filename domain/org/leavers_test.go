package org_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
)

func TestWhoIsNotNamedAnyMoreIsRememberedAsWhoLeft(t *testing.T) {
	person := func(id, name, entity, department, manager string, aliases ...string) org.Person {
		return org.Person{ID: id, Name: name, Entity: entity, Department: department, Manager: manager, Active: true,
			Subject: "sub-" + id, Aliases: aliases}
	}
	before := &org.Snapshot{
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn"}, "us": {ID: "us"}},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn"}, "old": {ID: "old", Entity: "cn"}},
		People: map[string]org.Person{
			"zhao": person("zhao", "赵敏", "cn", "sales", ""), "wang": person("wang", "王芳", "cn", "old", "bob", "bob", "wang2"),
			"wang2": person("wang2", "王芳", "cn", "sales", "wang"), "bob": person("bob", "Bob", "us", "", ""),
		},
	}
	after := org.Snapshot{
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn"}},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn"}},
		People:      map[string]org.Person{"zhao": person("zhao", "赵敏敏", "cn", "sales", "")},
	}
	got := after.Remembering(before)
	require.Empty(t, got.Validate())
	require.Equal(t, "赵敏敏", got.People["zhao"].Name)
	require.True(t, got.Active("zhao"))
	require.Equal(t, org.Person{ID: "wang", Name: "王芳", Entity: "cn", Subject: "sub-wang", Aliases: []string{"wang2"}}, got.People["wang"])
	require.Equal(t, "wang", got.People["wang2"].Manager)
	require.NotContains(t, got.People, "bob", "of a legal entity that is gone")
	require.Len(t, after.People, 1, "what was given is not changed")
	require.Equal(t, got, got.Remembering(before), "once is enough")
}
