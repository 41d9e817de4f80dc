package policy

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// find asks one finder; there is always somebody, if only the admin queue. Group
// is set where one finder finds several groups.
func (s *search) find(f Finder) []approval.Approver {
	switch {
	case f.Role != "":
		return s.role(f)
	case f.Manager != 0, f.TopManager:
		return s.manager(f)
	case f.Climb != nil:
		return s.climb(*f.Climb)
	case f.Heads != nil:
		return s.heads(*f.Heads)
	case f.DepartmentHead:
		return s.head(s.content.Department, f.way())
	case f.Choice != nil:
		return s.choice(*f.Choice, f.way())
	case f.Matrix != "":
		return s.matrix(f)
	}
	id, missing := f.Person, viaVacant
	if f.Field != "" {
		id, missing = s.content.Fields[f.Field], viaNoPerson
	}
	if _, ok := s.org.People[id]; !ok {
		return queue(missing)
	}
	return []approval.Approver{s.orAbove(id, f.way())}
}

func (s *search) role(f Finder) []approval.Approver {
	switch f.Of {
	case ofGroup:
		return s.holders(s.org.GroupHolders(f.Role), f.way())
	case ofDepartment:
		return s.holders(s.org.DepartmentHolders(f.Role, s.content.Department), f.way())
	case ofCostCenter:
		var all []approval.Approver
		for _, id := range s.costCenters() {
			all = append(all, inGroup("cost_center:"+id, s.holders(s.org.CostCenterHolders(f.Role, id), f.way()))...)
		}
		return all
	}
	for _, g := range s.org.Grants { // Holders leaves out who has left; say so
		if g.Role == f.Role && g.Covers(s.content.Entity) && !s.org.Active(g.Person) {
			s.pass(g.Person, viaInactive)
		}
	}
	return s.holders(s.org.Holders(f.Role, s.content.Entity), f.way())
}

func inGroup(group string, found []approval.Approver) []approval.Approver {
	for i := range found {
		found[i].Group = group
	}
	return found
}

func (s *search) manager(f Finder) []approval.Approver {
	chain := s.org.Chain(s.content.Requester)
	if f.TopManager {
		chain = slices.DeleteFunc(chain, func(p org.Person) bool { return !p.Active })
		f.Manager = len(chain)
	}
	if f.Manager == 0 || len(chain) < f.Manager {
		return queue(viaNoManager)
	}
	way := f.way()
	if f.TopManager {
		way = "top_manager"
	}
	return []approval.Approver{s.orAbove(chain[f.Manager-1].ID, way)}
}

// climb goes up the requester's managers to the first who may decide and meets
// what is asked. Who is above but does not meet it never takes the place.
func (s *search) climb(c Climb) []approval.Approver {
	var found []approval.Approver
	via, missed := c.way(), viaNoManager
	if c.Authority {
		missed = viaNoAuthority
	}
	for i, p := range s.org.Chain(s.content.Requester) {
		enough := s.enough(c, i, p)
		switch {
		case !s.eligible(p.ID):
			s.pass(p.ID, s.why(p.ID))
			if enough {
				via = s.why(p.ID)
			}
		case enough:
			return append(found, approval.Approver{Person: p.ID, Via: via})
		case c.Every:
			found = append(found, approval.Approver{Person: p.ID, Via: c.way()})
		case c.Authority:
			s.pass(p.ID, viaNoAuthority)
		default:
			s.pass(p.ID, passedGrade)
		}
	}
	return append(found, queue(missed)...)
}

// enough says whether the i-th manager is as high as a climb asks.
func (s *search) enough(c Climb, i int, p org.Person) bool {
	switch {
	case c.Authority:
		return s.mayApprove(p.ID)
	case c.Grade != "":
		rank, known := s.org.Rank(c.Grade)
		if !known && s.trouble == nil {
			s.trouble = fault.New(fault.Invalid, "policy.unknown_grade", fault.Arg("grade", c.Grade))
		}
		return known && p.Grade >= rank
	}
	return i+1 >= c.Level
}

// mayApprove says whether the document's amount lies below a person's limit.
func (s *search) mayApprove(person string) bool {
	a, ok := s.org.AuthorityOf(person, s.content.Entity)
	if !ok || a.Unlimited {
		return ok
	}
	below, err := money.Parse(a.Below, money.Currency(a.Currency))
	if err == nil {
		below, err = s.base(below)
	}
	if err != nil {
		s.trouble = err
		return false
	}
	order, err := s.amount.Cmp(below)
	if err != nil {
		s.trouble = err
	}
	return err == nil && order < 0
}

func (s *search) head(department, via string) []approval.Approver {
	head, ok := s.org.Head(department)
	if !ok {
		return queue(viaVacant)
	}
	return []approval.Approver{s.orAbove(head.ID, via)}
}

func (s *search) heads(h Heads) []approval.Approver {
	if h.Of != "" {
		return s.costCenterHeads(h.way())
	}
	heads := s.org.Heads(s.content.Department)
	if !h.Every {
		if len(heads) < h.Level {
			return queue(viaVacant)
		}
		return []approval.Approver{s.orAbove(heads[h.Level-1].ID, h.way())}
	}
	return s.holders(heads, h.way())
}

// costCenterHeads asks the head of each department that bears a cost.
func (s *search) costCenterHeads(via string) []approval.Approver {
	var all []approval.Approver
	for _, id := range s.costCenters() {
		departments := s.org.DepartmentsOf(id)
		if len(departments) == 0 {
			all = append(all, inGroup("cost_center:"+id, queue(viaVacant))...)
		}
		for _, d := range departments {
			all = append(all, inGroup("department:"+d, s.head(d, via))...)
		}
	}
	return all
}

// choice takes whom the submitter named, if they may be named.
func (s *search) choice(c Choice, via string) []approval.Approver {
	chosen, ok := s.org.People[s.content.Fields[c.Field]]
	if !ok {
		return queue(viaNoPerson)
	}
	if !s.choosable(c, chosen) {
		s.pass(chosen.ID, viaNotAllowed)
		return queue(viaNotAllowed)
	}
	return []approval.Approver{s.orAbove(chosen.ID, via)}
}

func (s *search) choosable(c Choice, p org.Person) bool {
	if c.Role != "" {
		return slices.ContainsFunc(s.org.Grants, func(g org.Grant) bool {
			return g.Person == p.ID && g.Role == c.Role && g.Covers(s.content.Entity)
		})
	}
	department := c.Department
	if department == ownDepartment {
		department = s.content.Department
	}
	return slices.Contains(s.org.Above(p.Department), department)
}

// ownDepartment stands for the document's own department in a choice.
const ownDepartment = "document"

// matrix asks the rows that speak of the document's department, amount and each of
// its categories: a document is never routed by its cheapest line alone.
func (s *search) matrix(f Finder) []approval.Approver {
	m := s.matrices[f.Matrix]
	var rows []int
	for _, category := range s.categories() {
		rows = union(rows, m.rows(s.org.Above(s.content.Department), category, max(s.amount.Minor, 0)))
	}
	slices.Sort(rows)
	var all []approval.Approver
	for _, i := range rows {
		way := f.way() + ":" + strconv.Itoa(i+1)
		for _, inner := range m.Rows[i].Approvers {
			for _, a := range s.find(inner) {
				if a.Via == inner.way() {
					a.Via = way + ":" + a.Via
				}
				a.Weight = inner.Weight
				if inner.Group != "" || a.Group == "" {
					a.Group = inner.Group
				}
				if a.Group == "" {
					a.Group = way
				}
				all = append(all, a)
			}
		}
	}
	if len(all) == 0 {
		return queue(viaNoRow)
	}
	return all
}

// rows are the rows for one department, with those above it, category and amount.
func (m Matrix) rows(departments []string, category string, minor int64) []int {
	var all []int
	for i, r := range m.Rows {
		here := len(r.Departments) == 0 ||
			slices.ContainsFunc(departments, func(d string) bool { return slices.Contains(r.Departments, d) })
		if here && named(r.Categories, category) && minor >= r.From && (r.Below == 0 || minor < r.Below) {
			all = append(all, i)
			if m.Match == matchFirst {
				break
			}
		}
	}
	return all
}

func (s *search) categories() []string {
	var all []string
	for _, l := range s.content.Lines {
		all = append(all, l.Category)
	}
	if len(all) == 0 {
		all = []string{""}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
