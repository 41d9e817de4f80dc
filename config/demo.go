package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/countersign/countersign/domain/org"
)

// company is an organisation as people write it.
type company struct {
	Entities    []org.LegalEntity `yaml:"entities"`
	Departments []org.Department  `yaml:"departments"`
	People      []employee        `yaml:"people"`
	Grants      []org.Grant       `yaml:"grants"`
	Suppliers   []org.Supplier    `yaml:"suppliers"`
	Posts       []org.Post        `yaml:"posts"`
	Grades      []org.Grade       `yaml:"grades"`
	Authorities []org.Authority   `yaml:"authorities"`
}

// employee is a person of the file: active unless they left, and with the cost
// center of their department unless they have one of their own.
type employee struct {
	ID         string   `yaml:"id"`
	Name       string   `yaml:"name"`
	Email      string   `yaml:"email"`
	Locale     string   `yaml:"locale"`
	Entity     string   `yaml:"entity"`
	Department string   `yaml:"department"`
	CostCenter string   `yaml:"cost_center"`
	Manager    string   `yaml:"manager"`
	Grade      int      `yaml:"grade"`
	Left       bool     `yaml:"left"`
	Aliases    []string `yaml:"aliases"`
	Subject    string   `yaml:"subject"`
}

// DemoCompany is the shipped demo organisation, as version 1.
//
// Errors: none for the file we ship; a test holds that.
func DemoCompany() (org.Snapshot, error) {
	text, err := Shipped.ReadFile("demo/company.yaml")
	if err != nil {
		return org.Snapshot{}, fmt.Errorf("read the demo company: %w", err)
	}
	return ReadCompany(text)
}

// ReadCompany reads an organisation file such as config/demo/company.yaml:
// unknown keys, ids that come twice and names of nobody are errors.
func ReadCompany(text []byte) (org.Snapshot, error) {
	var file company
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return org.Snapshot{}, fmt.Errorf("read the company file: %w", err)
	}
	snapshot, err := file.snapshot()
	if err != nil {
		return org.Snapshot{}, err
	}
	return snapshot, checkCompany(snapshot)
}

func (c company) snapshot() (org.Snapshot, error) {
	s := org.Snapshot{Version: 1, Grants: c.Grants, Posts: c.Posts, Authorities: c.Authorities}
	var errs [5]error
	s.Entities, errs[0] = byID(c.Entities, func(e org.LegalEntity) string { return e.ID })
	s.Departments, errs[1] = byID(c.Departments, func(d org.Department) string { return d.ID })
	s.Suppliers, errs[2] = byID(c.Suppliers, func(p org.Supplier) string { return p.ID })
	s.Grades, errs[4] = byID(c.Grades, func(g org.Grade) string { return g.ID })
	people := make([]org.Person, 0, len(c.People))
	for _, e := range c.People {
		people = append(people, e.person(s.Departments))
	}
	s.People, errs[3] = byID(people, func(p org.Person) string { return p.ID })
	return s, errors.Join(errs[:]...)
}

func (e employee) person(departments map[string]org.Department) org.Person {
	p := org.Person{
		ID: e.ID, Name: e.Name, Email: e.Email, Locale: e.Locale, Entity: e.Entity,
		Department: e.Department, CostCenter: e.CostCenter, Manager: e.Manager, Grade: e.Grade,
		Active: !e.Left, Aliases: e.Aliases, Subject: e.Subject,
	}
	if p.CostCenter == "" {
		p.CostCenter = departments[e.Department].CostCenter
	}
	return p
}

func byID[T any](list []T, id func(T) string) (map[string]T, error) {
	found := make(map[string]T, len(list))
	for _, item := range list {
		if _, twice := found[id(item)]; twice || id(item) == "" {
			return nil, fmt.Errorf("company file: the id %q is empty or comes twice", id(item))
		}
		found[id(item)] = item
	}
	return found, nil
}

// checkCompany wants every name in the file to be the name of somebody.
func checkCompany(s org.Snapshot) error {
	var wrong []error
	want := func(ok bool, of, key, value string) {
		if !ok {
			wrong = append(wrong, fmt.Errorf("company file: %s of %s is %q, which nobody and nothing is", key, of, value))
		}
	}
	for id, e := range s.Entities {
		if _, err := time.LoadLocation(e.Zone); err != nil {
			wrong = append(wrong, fmt.Errorf("company file: zone of %s is %q, write one such as Asia/Shanghai", id, e.Zone))
		}
	}
	for id, d := range s.Departments {
		want(has(s.Entities, d.Entity), id, "entity", d.Entity)
		want(d.Parent == "" || has(s.Departments, d.Parent), id, "parent", d.Parent)
		want(has(s.People, d.Head), id, "head", d.Head)
	}
	for id, p := range s.People {
		want(has(s.Entities, p.Entity), id, "entity", p.Entity)
		want(has(s.Departments, p.Department), id, "department", p.Department)
		want(p.Manager == "" || has(s.People, p.Manager), id, "manager", p.Manager)
		want(strings.Contains(p.Email, "@"), id, "email", p.Email)
		want(reachesTop(s.People, id), id, "manager", p.Manager)
	}
	for _, g := range s.Grants {
		want(has(s.People, g.Person), "a grant", "person", g.Person)
		want(g.Entity == "" || has(s.Entities, g.Entity), "a grant", "entity", g.Entity)
	}
	for _, f := range s.ValidatePosts() {
		wrong = append(wrong, f)
	}
	for id, p := range s.Suppliers {
		want(p.Entity == "" || has(s.Entities, p.Entity), id, "entity", p.Entity)
	}
	return errors.Join(wrong...)
}

func has[T any](m map[string]T, id string) bool {
	_, ok := m[id]
	return ok
}

// reachesTop says whether the managers above a person end, and not in a circle.
func reachesTop(people map[string]org.Person, id string) bool {
	for range len(people) + 1 {
		if id == "" {
			return true
		}
		id = people[id].Manager
	}
	return false
}
