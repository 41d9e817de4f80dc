package directory

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// ListingMost is how many users and groups a source may list.
const ListingMost = 50_000

// Listing is everything that a source tells at once. Users and groups have the source's
// own key as external id; managers and members are named by those keys. 目录清单
type Listing struct {
	Users, Groups []Resource
	Sum           string // SHA-256 of what was read, for the record
}

// SyncFaults are what a listing, or a run that pulls one, may be refused with.
var SyncFaults = fault.Register(map[string]fault.Entry{
	"directory.unreadable":     {Kind: fault.Invalid, Args: []string{"at", "why"}},
	"directory.twice":          {Kind: fault.Invalid, Args: []string{"key"}},
	"directory.empty":          {Kind: fault.Invalid},
	"directory.unavailable":    {Kind: fault.Busy, Args: []string{"source"}},
	"directory.refused":        {Kind: fault.Forbidden, Args: []string{"source", "why"}},
	"directory.unknown_source": {Kind: fault.NotFound, Args: []string{"source"}},
	"directory.running":        {Kind: fault.Conflict, Args: []string{"source"}},
	"directory.not_held":       {Kind: fault.Conflict},
	"directory.unknown_run":    {Kind: fault.NotFound},
	"directory.lost":           {Kind: fault.Internal}, // the worker that asked was lost
})

// Check refuses a listing that cannot be all there is: with nobody in it, or somebody
// twice.
//
// Errors: Invalid directory.empty, directory.twice, scim.too_many.
func (l Listing) Check() error {
	if len(l.Users) == 0 {
		return fault.New(fault.Invalid, "directory.empty")
	}
	seen := map[string]bool{}
	for _, r := range slices.Concat(l.Users, l.Groups) {
		key := string(r.Kind) + "/" + r.External()
		if r.External() == "" || seen[key] {
			return fault.New(fault.Invalid, "directory.twice", fault.Arg("key", key))
		}
		seen[key] = true
	}
	if len(seen) > ListingMost {
		return tooMany("Resources", ListingMost)
	}
	return nil
}

// What a difference does.
const (
	Joins   = "joins"
	Changes = "changes"
	Leaves  = "leaves"
)

// Difference is one resource that a listing tells otherwise than it is known. 目录差异
type Difference struct {
	Kind   Kind     `json:"kind"`
	Key    string   `json:"key"`          // the source's
	ID     string   `json:"id,omitempty"` // ours; "" of who joins
	Name   string   `json:"name"`
	What   string   `json:"what"`
	Fields []string `json:"fields,omitempty"` // that change
	Fault  string   `json:"fault,omitempty"`  // why it could not be carried out
	Next   Resource `json:"-"`
}

// Compare holds a listing against what is known of its source, whoever else there is:
// by the source's keys, in their order, users before groups. Who is listed no more
// leaves; nothing is deleted. A group that is listed no more is empty.
func Compare(l Listing, known []Resource) []Difference {
	ids, before := map[string]string{}, map[string]Resource{}
	for _, r := range known {
		before[string(r.Kind)+"/"+r.External()] = r
		if r.Kind == User {
			ids[r.External()] = r.ID
		}
	}
	var all []Difference
	for _, list := range [][]Resource{l.Users, l.Groups} {
		all = append(all, compareListed(list, before, ids)...)
	}
	for _, key := range slices.Sorted(maps.Keys(before)) { // what is left is not listed
		if d, gone := missing(before[key]); gone {
			all = append(all, d)
		}
	}
	return all
}

func compareListed(listed []Resource, before map[string]Resource, ids map[string]string) []Difference {
	var all []Difference
	listed = slices.Clone(listed)
	slices.SortFunc(listed, func(a, b Resource) int { return cmp.Compare(a.External(), b.External()) })
	for _, r := range listed {
		key := string(r.Kind) + "/" + r.External()
		was, known := before[key]
		delete(before, key)
		next := r.resolved(ids)
		d := Difference{Kind: r.Kind, Key: r.External(), ID: was.ID, Name: next.shownName()}
		switch {
		case !known && !next.Active(): // who left before we knew them
			continue
		case !known:
			d.What, d.Next = Joins, next
		default:
			if _, told := next.Attributes["active"]; !told && r.Kind == User {
				next.Attributes["active"] = true
			}
			d.Next = was.Replaced(next)
			if d.Fields = changedFields(was, d.Next); len(d.Fields) == 0 {
				continue
			}
			if d.What = Changes; was.Active() && !d.Next.Active() {
				d.What = Leaves
			}
		}
		all = append(all, d)
	}
	return all
}

// missing is what becomes of a resource that the source lists no more.
func missing(was Resource) (Difference, bool) {
	next := was
	next.Attributes = maps.Clone(was.Attributes)
	d := Difference{Kind: was.Kind, Key: was.External(), ID: was.ID, Name: was.shownName()}
	if was.Kind == Group {
		next.Members = nil
		d.What, d.Next, d.Fields = Changes, next, []string{"members"}
		return d, len(was.Members) > 0
	}
	next.Attributes["active"] = false
	d.What, d.Next, d.Fields = Leaves, next, []string{"active"}
	return d, was.Active()
}

// resolved names a manager and members by our ids instead of the source's keys; who is
// not known yet is left out, and found by the next comparison.
func (r Resource) resolved(ids map[string]string) Resource {
	attributes := maps.Clone(r.Attributes)
	if inner, ok := attributes[Enterprise].(map[string]any); ok {
		if key := r.Text(Enterprise, "manager", "value"); key != "" {
			inner = maps.Clone(inner)
			delete(inner, "manager")
			if id := ids[key]; id != "" {
				inner["manager"] = map[string]any{"value": id}
			}
			attributes[Enterprise] = inner
		}
	}
	r.Attributes = attributes
	var members []string
	for _, key := range r.Members {
		if id := ids[key]; id != "" {
			members = append(members, id)
		}
	}
	r.setMembers(members)
	return r
}

func (r Resource) shownName() string {
	if name := r.Text("displayName"); name != "" {
		return name
	}
	return r.Name()
}

// changedFields names what differs between two, sorted.
func changedFields(a, b Resource) []string {
	fields := map[string]bool{}
	for _, r := range []Resource{a, b} {
		for name, value := range r.Attributes {
			inner, _ := value.(map[string]any)
			for part := range inner {
				if name == Enterprise && sum(at(a, name, part)) != sum(at(b, name, part)) {
					fields[part] = true
				}
			}
			if name != Enterprise && sum(a.Attributes[name]) != sum(b.Attributes[name]) {
				fields[name] = true
			}
		}
	}
	if !slices.Equal(a.Members, b.Members) {
		fields["members"] = true
	}
	return slices.Sorted(maps.Keys(fields))
}

func at(r Resource, name, part string) any {
	inner, _ := r.Attributes[name].(map[string]any)
	return inner[part]
}

func sum(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return strconv.Quote(err.Error())
	}
	return string(text)
}

// Counts says how many people join, change and leave.
func Counts(all []Difference) (joins, changes, leaves int) {
	for _, d := range all {
		switch d.What {
		case Joins:
			joins++
		case Changes:
			changes++
		case Leaves:
			leaves++
		}
	}
	return joins, changes, leaves
}

// Leavers lists the keys of who would leave, sorted.
func Leavers(all []Difference) []string {
	var keys []string
	for _, d := range all {
		if d.What == Leaves {
			keys = append(keys, d.Key)
		}
	}
	slices.Sort(keys)
	return keys
}
