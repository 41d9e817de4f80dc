// Package directory is what a company's directory (Entra, Okta, …) tells us about
// people and groups by SCIM 2.0, and what of it becomes our organisation.
//
// Everything here is pure: a filter is parsed and held against a resource, a PATCH
// gives the next resource, and Rules say which person and which grants follow.
package directory

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Kind is one of the two kinds of resource.
type Kind string

// The kinds.
const (
	User  Kind = "User"
	Group Kind = "Group"
)

// Enterprise is the URN under which the enterprise extension lies in a resource.
const Enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// Limits of one request.
const (
	TextMax       = 1000   // bytes of one value
	ValuesMax     = 20     // e-mail addresses of one user
	MembersMax    = 50_000 // of one group
	OperationsMax = 1000   // of one PATCH
)

// Resource is a user or a group as a directory knows it. Of its attributes only
// those are kept that mean something here; a password never is. 目录资源
type Resource struct {
	Kind       Kind
	ID         string         // ours; of a user, the person's id
	Attributes map[string]any // by canonical name, without id, meta, schemas and members
	Members    []string       // of a group: ids, sorted
	Version    int
	Adopted    bool // the person was here before the directory told of them
	Deleted    bool
	Created    time.Time
	Modified   time.Time
}

// Faults are what a SCIM request may be refused with, beside those of access.
var Faults = fault.Register(map[string]fault.Entry{
	"scim.bad_filter":     {Kind: fault.Invalid, Status: 400, Args: []string{"at"}},
	"scim.filter_too_big": {Kind: fault.Invalid, Status: 400, Args: []string{"length", "depth"}},
	"scim.bad_path":       {Kind: fault.Invalid, Status: 400, Args: []string{"path"}},
	"scim.bad_value":      {Kind: fault.Invalid, Status: 400, Args: []string{"attribute"}},
	"scim.bad_syntax":     {Kind: fault.Invalid, Status: 400},
	"scim.no_target":      {Kind: fault.Invalid, Status: 400, Args: []string{"path"}},
	"scim.read_only":      {Kind: fault.Invalid, Status: 400, Args: []string{"attribute"}},
	"scim.missing":        {Kind: fault.Invalid, Status: 400, Args: []string{"attribute"}},
	"scim.too_many":       {Kind: fault.Invalid, Status: 400, Args: []string{"attribute", "max"}},
	"scim.unknown_member": {Kind: fault.Invalid, Status: 400, Args: []string{"id"}},
	"scim.not_found":      {Kind: fault.NotFound, Args: []string{"id"}},
	"scim.uniqueness":     {Kind: fault.Conflict, Args: []string{"attribute", "value"}},
	"scim.no_department":  {Kind: fault.Invalid, Status: 400, Args: []string{"department"}},
	"scim.stopped": {Kind: fault.Busy, Status: 429,
		Args: []string{"left", "active", "percent"}},
	"scim.unsupported": {Kind: fault.Invalid, Status: 501},
	"scim.no_stop":     {Kind: fault.Conflict},
})

func bad(code, arg, value string) *fault.Fault {
	return fault.New(fault.Invalid, code, fault.Arg(arg, value))
}

// Text is an attribute, or a part of one, as text; "" where it is none.
func (r Resource) Text(path ...string) string {
	var at any = r.Attributes
	for _, name := range path {
		object, _ := at.(map[string]any)
		at = object[name]
	}
	text, _ := at.(string)
	return text
}

// Name is what must be unique among the resources of a kind: userName, displayName.
func (r Resource) Name() string {
	if r.Kind == User {
		return r.Text("userName")
	}
	return r.Text("displayName")
}

// External is the directory's own id.
func (r Resource) External() string { return r.Text("externalId") }

// Active says whether a user works here, as far as the directory goes.
func (r Resource) Active() bool {
	active, told := r.Attributes["active"].(bool)
	return !r.Deleted && (active || !told)
}

// Check says whether a resource is whole.
//
// Errors: Invalid scim.missing, scim.too_many.
func (r Resource) Check() error {
	name := "userName"
	if r.Kind == Group {
		name = "displayName"
	}
	if r.Name() == "" {
		return bad("scim.missing", "attribute", name)
	}
	if len(r.Members) > MembersMax {
		return tooMany("members", MembersMax)
	}
	return nil
}

// Replaced is the resource with what a PUT says in the place of everything else. A
// PUT without active leaves it: nobody comes back because a client left it out.
func (r Resource) Replaced(by Resource) Resource {
	if active, told := r.Attributes["active"]; told && by.Attributes["active"] == nil {
		by.Attributes["active"] = active
	}
	r.Attributes, r.Members = by.Attributes, by.Members
	return r
}

// setMembers keeps members sorted, each once.
func (r *Resource) setMembers(ids []string) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	r.Members = slices.Compact(ids)
}
