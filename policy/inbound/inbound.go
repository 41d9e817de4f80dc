// Package inbound makes documents of what other systems send: a mapping, as data,
// says which parts of a message become which fields.
//
//	Parse ──▶ Mapping;   Read ──▶ Message;   Mapping.Name, Wants, Make ──▶ Made
//
// A mapping decides nothing: what it makes goes the way of every submission, with its
// validation and its rights.
package inbound

import (
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/policy/expr"
	"github.com/countersign/countersign/policy/source"
)

// IDMax is how many bytes the name of a thing may have in the system that it comes from.
const IDMax = 200

// Mapping says what becomes of the messages of a source. It is a value: nothing
// changes it after Parse. 字段映射
type Mapping struct {
	ID, Type string

	text     *source.Text
	raw      mappingYAML
	formulas map[string]*expr.MessageFormula // by the path of the value in the text
}

// Made is what a message asks for.
type Made struct {
	Content document.Content

	// Who it is for: a person's id, or an e-mail address. Neither is the source's own account.
	Person, Email string
}

// value is how one field is filled: a path of the message ($.a.b), a path of the line
// (@.a), an expression (= …), or itself; looked up in a table; else a default.
type value struct {
	From    string `yaml:"from,required"`
	Table   string `yaml:"table"`
	Default string `yaml:"default"`
	Alone   string `yaml:",alone"`
}

func (v value) from() string {
	if v.Alone != "" {
		return v.Alone
	}
	return v.From
}

type mappingYAML struct {
	Inbound   string                       `yaml:"inbound,required"`
	Type      string                       `yaml:"type,required"`
	ID        value                        `yaml:"id,required"`
	When      string                       `yaml:"when"`
	Requester requesterYAML                `yaml:"requester"`
	Document  documentYAML                 `yaml:"document,required"`
	Fields    map[string]value             `yaml:"fields"`
	Lines     string                       `yaml:"lines"`
	Line      lineYAML                     `yaml:"line"`
	Tables    map[string]map[string]string `yaml:"tables"`
}

type requesterYAML struct {
	Person value `yaml:"person"`
	Email  value `yaml:"email"`
}

type documentYAML struct {
	Title      value `yaml:"title,required"`
	Reason     value `yaml:"reason"`
	Entity     value `yaml:"entity"`
	Department value `yaml:"department"`
	CostCenter value `yaml:"cost_center"`
	Supplier   value `yaml:"supplier"`
	Currency   value `yaml:"currency,required"`
	Urgency    value `yaml:"urgency"`
}

type lineYAML struct {
	Category    value `yaml:"category"`
	Description value `yaml:"description"`
	Date        value `yaml:"date"`
	Amount      value `yaml:"amount"`
	Tax         value `yaml:"tax"`
	CostCenter  value `yaml:"cost_center"`
	Invoice     value `yaml:"invoice"`
	City        value `yaml:"city"`
	Units       value `yaml:"units"`
}

// placed is a value with its path in the mapping.
type placed struct {
	path  string
	value value
}

// ofMessage lists the values that see the whole message.
func (raw mappingYAML) ofMessage() []placed {
	d := raw.Document
	list := []placed{
		{"id", raw.ID}, {"requester.person", raw.Requester.Person}, {"requester.email", raw.Requester.Email},
		{"document.title", d.Title}, {"document.reason", d.Reason}, {"document.entity", d.Entity},
		{"document.department", d.Department}, {"document.cost_center", d.CostCenter},
		{"document.supplier", d.Supplier}, {"document.currency", d.Currency}, {"document.urgency", d.Urgency},
	}
	for name, v := range raw.Fields {
		list = append(list, placed{"fields." + name, v})
	}
	return list
}

// ofLine lists the values that see a line too.
func (l lineYAML) ofLine() []placed {
	return []placed{
		{"line.category", l.Category}, {"line.description", l.Description}, {"line.date", l.Date},
		{"line.amount", l.Amount}, {"line.tax", l.Tax}, {"line.cost_center", l.CostCenter},
		{"line.invoice", l.Invoice}, {"line.city", l.City}, {"line.units", l.Units},
	}
}
