package seeding

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
)

const (
	departmentsPerPeople = 80 // people of a department
	leadsPerDepartment   = 4
	clerksPerPeople      = 250
	clerksMin            = 4
)

// company is who asks and who decides. The first of each list do most of it.
type company struct {
	snapshot *org.Snapshot
	askers   []org.Person
	clerks   []string // finance_clerk
	heads    []string // finance_head
}

var surnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高",
	"林", "何", "郭", "马", "罗"}

var givenNames = []string{"伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "军", "杰", "娟", "涛", "明", "超", "霞", "平", "刚",
	"晓东", "志强", "建国", "海燕", "雪梅", "文博", "子轩", "雨桐", "思远", "佳怡", "浩然", "欣悦"}

var englishNames = []string{"Anna Becker", "Lukas Wagner", "Emma Fischer", "Paul Schmidt", "Mia Hoffmann",
	"James Carter", "Sofia Rossi", "Oliver Smith"}

// company is the one in force with the seeded people beside the others, made so
// where it is not yet.
func (o Options) company(ctx context.Context, begun time.Time) (company, error) {
	now, err := o.Company(ctx)
	if err != nil {
		return company{}, err
	}
	next := grown(now, o.People)
	if err := o.Replace(ctx, next, o.cause(begun)); err != nil {
		return company{}, fmt.Errorf("seeding the people: %w", err)
	}
	made := company{snapshot: &next}
	for _, id := range slices.Sorted(maps.Keys(next.People)) {
		if p := next.People[id]; p.Active && p.Entity != "" && p.Department != "" {
			made.askers = append(made.askers, p)
		}
	}
	for _, g := range next.Grants {
		switch g.Role {
		case access.FinanceClerk:
			made.clerks = append(made.clerks, g.Person)
		case access.FinanceHead:
			made.heads = append(made.heads, g.Person)
		}
	}
	return made, nil
}

// grown is an organisation with so many people more. Who was there keeps everything.
func grown(now *org.Snapshot, people int) org.Snapshot {
	next := org.Snapshot{People: map[string]org.Person{}, Departments: map[string]org.Department{},
		Entities: map[string]org.LegalEntity{}, Suppliers: map[string]org.Supplier{}}
	if now != nil {
		next = *now
		next.People, next.Departments = maps.Clone(now.People), maps.Clone(now.Departments)
		next.Entities, next.Grants = maps.Clone(now.Entities), slices.Clone(now.Grants)
	}
	if len(next.Entities) == 0 {
		next.Entities["seed-cn"] = org.LegalEntity{ID: "seed-cn", Currency: "CNY", Zone: "Asia/Shanghai",
			Calendar: "cn-office", Name: map[string]string{"zh-CN": "云杉集团", "en": "Yunshan Group"}}
	}
	entities := slices.Sorted(maps.Keys(next.Entities))
	random := rand.New(rand.NewPCG(1, uint64(people)))
	for n := range people {
		p := seededPerson(n, entities, random)
		if n%departmentsPerPeople == 0 {
			next.Departments[p.Department] = seededDepartment(n/departmentsPerPeople, p)
		}
		next.People[p.ID] = p
	}
	for n := range max(clerksMin, people/clerksPerPeople) {
		next.Grants = append(next.Grants, org.Grant{Person: personID(n*7 + 5), Role: access.FinanceClerk})
	}
	for n := range clerksMin {
		next.Grants = append(next.Grants, org.Grant{Person: personID(n*3 + 4), Role: access.FinanceHead})
	}
	next.Grants = slices.Compact(next.Grants)
	return next
}

func personID(n int) string { return fmt.Sprintf("s%05d", n) }

// seededPerson is the nth: the first of a department heads it, the next lead teams.
func seededPerson(n int, entities []string, random *rand.Rand) org.Person {
	department := n / departmentsPerPeople
	within := n % departmentsPerPeople
	head := department * departmentsPerPeople
	p := org.Person{ID: personID(n), Locale: "zh-CN", Entity: entities[department%len(entities)], Active: true, Grade: 3,
		Department: "seed-" + strconv.Itoa(department), Email: personID(n) + "@example.com",
		Name: surnames[random.IntN(len(surnames))] + givenNames[random.IntN(len(givenNames))]}
	if n%9 == 8 {
		p.Name, p.Locale = englishNames[random.IntN(len(englishNames))], "en"
	}
	switch {
	case within == 0:
		p.Grade = 7
	case within <= leadsPerDepartment:
		p.Grade, p.Manager = 5, personID(head)
	default:
		p.Manager = personID(head + 1 + within%leadsPerDepartment)
	}
	return p
}

var departmentNames = [][2]string{{"华东销售部", "Sales East"}, {"华北销售部", "Sales North"}, {"平台研发部", "Platform"},
	{"数据研发部", "Data"}, {"采购部", "Procurement"}, {"市场部", "Marketing"}, {"客户成功部", "Customer success"},
	{"人力资源部", "People"}, {"行政部", "Office"}, {"法务部", "Legal"}}

func seededDepartment(n int, head org.Person) org.Department {
	name := departmentNames[n%len(departmentNames)]
	suffix := strconv.Itoa(n/len(departmentNames) + 1)
	return org.Department{ID: head.Department, Entity: head.Entity, Head: head.ID, CostCenter: "CC-" + head.Department,
		Name: map[string]string{"zh-CN": name[0] + suffix, "en": name[1] + " " + suffix}}
}

// Skews: the higher, the more falls to the first.
const (
	askerSkew    = 1.4
	approverSkew = 2.5
)

// skewed picks one of n, the first ones far more often.
func skewed(random *rand.Rand, n int, skew float64) int {
	return min(n-1, int(float64(n)*math.Pow(random.Float64(), skew)))
}

// approvers picks so many people who are not the asker, the busy ones more often.
func approvers(random *rand.Rand, from []string, n int, asker string) []string {
	var picked []string
	take := func(one string) {
		if one != asker && !slices.Contains(picked, one) && len(picked) < n {
			picked = append(picked, one)
		}
	}
	for range 2 * n {
		take(from[skewed(random, len(from), approverSkew)])
	}
	for _, one := range from {
		take(one)
	}
	return picked
}
