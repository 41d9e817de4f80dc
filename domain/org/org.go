// Package org is who works where and who answers to whom, as of one version.
package org

import "time"

// Person is somebody who can act. 员工
type Person struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Email      string   `json:"email"`
	Locale     string   `json:"locale"` // zh-CN or en
	Entity     string   `json:"entity"`
	Department string   `json:"department"`
	CostCenter string   `json:"cost_center"`
	Manager    string   `json:"manager"` // person id; "" at the top
	Grade      int      `json:"grade"`
	Active     bool     `json:"active"`
	Aliases    []string `json:"aliases,omitempty"` // other accounts of the same human
	Subject    string   `json:"subject,omitempty"` // sub at the identity provider
}

// Department is a unit with a head. 部门
type Department struct {
	ID         string            `json:"id"`
	Name       map[string]string `json:"name"` // by locale
	Entity     string            `json:"entity"`
	Parent     string            `json:"parent"`
	Head       string            `json:"head"`
	CostCenter string            `json:"cost_center"`
}

// LegalEntity is the company that pays. 法人主体
type LegalEntity struct {
	ID       string            `json:"id"`
	Name     map[string]string `json:"name"`
	Currency string            `json:"currency"` // base currency of its books
	Zone     string            `json:"zone"`     // IANA name
	Calendar string            `json:"calendar"` // calendar id
}

// Grant gives a person a role within a scope. 授权
type Grant struct {
	Person string `json:"person"`
	Role   string `json:"role"`
	Entity string `json:"entity"` // "" = every entity

	// What follows only a grant has that was made in the house, by two people: a company
	// file cannot say it.
	ID         string    `json:"id,omitempty" yaml:"-"`
	Department string    `json:"department,omitempty" yaml:"-"` // and those below it; "" = the whole entity
	From       time.Time `json:"from,omitzero" yaml:"-"`        // [from, until); zero: at once, for good
	Until      time.Time `json:"until,omitzero" yaml:"-"`
}

// Post makes a person answer for a role in a department or a cost centre. Unlike
// a grant it gives no rights: it only says whom a policy asks. 任职
type Post struct {
	Person     string `json:"person"`
	Role       string `json:"role"`                  // a role, or any word of the house's own
	Department string `json:"department,omitempty"`  // and those below it that have nobody of their own
	CostCenter string `json:"cost_center,omitempty"` // exactly one of the two is set
}

// Grade names a rank, so that a policy may say M3. 职级
type Grade struct {
	ID   string `json:"id"`
	Rank int    `json:"rank"` // as in Person.Grade
}

// Authority is up to what amount a person, or everybody of a grade and above, may
// approve. One line of the approval matrix by rank. 审批权限
type Authority struct {
	Person    string `json:"person,omitempty"`
	Grade     string `json:"grade,omitempty"`  // a grade's id or rank; exactly one of the two is set
	Entity    string `json:"entity,omitempty"` // "" = every entity
	Below     string `json:"below,omitempty"`  // decimal text: amounts less than this, never this itself
	Currency  string `json:"currency,omitempty"`
	Unlimited bool   `json:"unlimited,omitempty"` // in place of Below
}

// Supplier is a payee outside the house. 供应商
type Supplier struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Kind    string `json:"kind"` // goods, services, related_party, …
	Account string `json:"account"`
	Entity  string `json:"entity"` // "" = every entity
}

// Snapshot is the whole organisation at one version. It is a value: nothing
// changes it after it was made.
type Snapshot struct {
	Version     int64                  `json:"version"`
	People      map[string]Person      `json:"people"`
	Departments map[string]Department  `json:"departments"`
	Entities    map[string]LegalEntity `json:"entities"`
	Suppliers   map[string]Supplier    `json:"suppliers"`
	Grants      []Grant                `json:"grants"`
	Posts       []Post                 `json:"posts,omitempty"`
	Grades      map[string]Grade       `json:"grades,omitempty"`
	Authorities []Authority            `json:"authorities,omitempty"`

	Until time.Time `json:"-"` // when time alone changes who holds what; zero: never, or not asked (see At)

	humans *humans // none until Indexed
}
