// Package org is who works where and who answers to whom, as of one version.
package org

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

	humans *humans // none until Indexed
}
