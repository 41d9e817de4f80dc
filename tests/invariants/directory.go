package invariants

import (
	"slices"
	"strconv"
	"strings"
)

const (
	orgStream     = "org"
	directoryKind = "organisation.changed"
	editedKind    = "organisation.edited"
)

// changedFacts are the fields of the events of the organisation.
type changedFacts struct {
	Version int64    `json:"version"`
	Ended   []string `json:"ended"`
	Begun   []string `json:"begun"`
}

// checkOrganisation holds that every version of the organisation has its event, and
// that what a directory changed is what its event says: I13; and that it made nobody
// an administrator: I5.
func (c *checker) checkOrganisation() {
	told := map[int64]bool{}
	for _, e := range c.streams[orgStream] {
		if e.Kind != directoryKind && e.Kind != editedKind {
			if e.Kind == "organisation.replaced" || e.Kind == regrantedKind {
				told[read[struct {
					Version int64 `json:"version"`
				}](e.Text).Version] = true
			}
			continue
		}
		said := read[changedFacts](e.Text)
		told[said.Version] = true
		subject := orgStream + "#" + strconv.FormatInt(e.Seq, 10)
		begun, ended := c.org.rowsOf(said.Version)
		slices.Sort(said.Begun)
		slices.Sort(said.Ended)
		c.hold("I13", subject, slices.Equal(begun, said.Begun), "it began %v, and the rows are %v", said.Begun, begun)
		c.hold("I13", subject, slices.Equal(ended, said.Ended), "it ended %v, and the rows are %v", said.Ended, ended)
		if e.Kind == editedKind {
			c.checkEdit(subject, e.Actor, said.Version, begun)
			continue
		}
		c.hold("I13", subject, strings.HasPrefix(e.Actor, "scim:") || strings.HasPrefix(e.Actor, "sync:"), "a directory's change is by %s", e.Actor)
		for _, row := range begun {
			parts := strings.Split(row, "|")
			powerful := strings.HasPrefix(row, "grant ") && (parts[1] == adminRole || parts[1] == "operator")
			c.hold("I5", subject, !powerful, "a directory gave %s", row)
		}
	}
	for _, v := range c.org.versions {
		c.hold("I13", orgStream, told[v.n], "version %d of the organisation has no event", v.n)
	}
}

// checkEdit holds that an administrator changed people and departments and no roles, nobody
// with their own account, and held the role when they did: I5.
func (c *checker) checkEdit(subject, actor string, version int64, begun []string) {
	for _, row := range begun {
		kind, id, _ := strings.Cut(row, " ")
		c.hold("I5", subject, kind == "person" || kind == "department", "an edit began %s", row)
		c.hold("I5", subject, row != "person "+actor, "%s edited their own row (%s)", actor, id)
	}
	administers := false
	for _, row := range c.org.rows {
		before := row.from < version && (row.to == 0 || row.to >= version)
		administers = administers || before && row.kind == "grant" && strings.HasPrefix(row.id, actor+"|"+adminRole+"|")
	}
	c.hold("I5", subject, administers, "%s edited the organisation and administered nothing", actor)
}

// rowsOf lists which rows a version began and ended.
func (o *organisation) rowsOf(version int64) (begun, ended []string) {
	for _, row := range o.rows {
		if row.from == version {
			begun = append(begun, row.kind+" "+row.id)
		}
		if row.to == version {
			ended = append(ended, row.kind+" "+row.id)
		}
	}
	slices.Sort(begun)
	slices.Sort(ended)
	return begun, ended
}
