package document

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// Change is what became of one field: title, lines[0].category, fields.purpose.
// An amendment is a list of them. 修改
type Change struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Now   string `json:"now"`
}

// ChangesMost is how many fields one amendment may change.
const ChangesMost = 500

// What an approver may amend where the step names it, beside fields.<name>.
const (
	AmendTitle       = "title"
	AmendCategory    = "lines.category"
	AmendDescription = "lines.description"
	AmendCostCenter  = "lines.cost_center"

	amendFields = "fields."
)

var ofLine = regexp.MustCompile(`^lines\[(0|[1-9][0-9]{0,3})\]\.(category|description|cost_center)$`)

// Amends is how a step's amend names the field of a change: that of a line is
// named for all lines. "" where nothing of the kind can be amended.
func Amends(field string) string {
	if parts := ofLine.FindStringSubmatch(field); parts != nil {
		return "lines." + parts[2]
	}
	if name, own := strings.CutPrefix(field, amendFields); field == AmendTitle || own && name != "" {
		return field
	}
	return ""
}

// Amended is the content with some of its fields changed, each once, and the
// changes with what the fields were; what changes nothing is left out.
//
// Errors: Invalid amend.no_change, amend.too_many, amend.bad_field.
func (c Content) Amended(asked []Change) (Content, []Change, error) {
	if len(asked) > ChangesMost {
		return Content{}, nil, fault.New(fault.Invalid, "amend.too_many", fault.Field("changes"),
			fault.Arg("max", strconv.Itoa(ChangesMost)))
	}
	c.Lines, c.Fields = slices.Clone(c.Lines), maps.Clone(c.Fields)
	var patch []Change
	seen := map[string]bool{}
	for _, change := range asked {
		was, set := c.open(change.Field)
		if set == nil || seen[change.Field] {
			return Content{}, nil, fault.New(fault.Invalid, "amend.bad_field", fault.Field(change.Field),
				fault.Arg("field", change.Field))
		}
		seen[change.Field] = true
		if was == change.Now {
			continue
		}
		set(change.Now)
		patch = append(patch, Change{change.Field, was, change.Now})
	}
	if len(patch) == 0 {
		return Content{}, nil, fault.New(fault.Invalid, "amend.no_change", fault.Field("changes"))
	}
	return c, patch, nil
}

// Amendment says whether some changes, and nothing else, lead from the content to
// the next one; it believes neither.
func (c Content) Amendment(changes []Change, next Content) bool {
	derived, again, err := c.Amended(changes)
	return err == nil && slices.Equal(again, changes) && sameContent(derived, next)
}

// Field is what a field says, by the path of a change; false where there is none.
func (c Content) Field(field string) (string, bool) {
	was, set := c.open(field)
	return was, set != nil
}

// open finds a field: what it says, and how to say something else; nil where
// there is none.
func (c *Content) open(field string) (string, func(string)) {
	if field == AmendTitle {
		return c.Title, func(now string) { c.Title = now }
	}
	if name, own := strings.CutPrefix(field, amendFields); own {
		was, known := c.Fields[name]
		if !known {
			return "", nil
		}
		return was, func(now string) { c.Fields[name] = now }
	}
	parts := ofLine.FindStringSubmatch(field)
	if parts == nil {
		return "", nil
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n >= len(c.Lines) {
		return "", nil
	}
	at := map[string]*string{
		"category": &c.Lines[n].Category, "description": &c.Lines[n].Description, "cost_center": &c.Lines[n].CostCenter,
	}[parts[2]]
	return *at, func(now string) { *at = now }
}
