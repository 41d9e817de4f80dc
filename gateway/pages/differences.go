package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/doctype"
)

// cell is one thing that a content says: in words, and as it is kept, by which it is
// compared. Two accounts that look alike when masked are still two.
type cell struct{ Key, Title, Value, raw string }

// difference is one thing that two contents say differently; "" where one says nothing.
type difference struct{ Title, Was, Now string }

// lineDifference is what became of one line.
type lineDifference struct {
	Title string
	How   string // added, removed or changed
	Cells []difference
}

// cells are what a content says beside its lines, in the order of the page.
func (v *visit) cells(kind *doctype.Type, c document.Content) []cell {
	plain := func(key, title, value string) cell { return cell{key, v.t(title), value, value} }
	list := []cell{
		plain("title", "page.edit.title", c.Title), plain("reason", "page.edit.reason", c.Reason),
		{"requester", v.t("page.col.applicant"), v.name(c.Requester), c.Requester},
		{"entity", v.t("page.edit.entity"), v.entity(c.Entity), c.Entity},
		{"department", v.t("page.edit.department"), v.department(c.Department), c.Department},
		plain("cost_center", "page.edit.cost_center", c.CostCenter),
		{"payee", v.t("page.edit.payee"), c.Payee.Name, string(c.Payee.Kind) + c.Payee.ID + c.Payee.Name},
		{"account", v.t("page.versions.account"), desk.Masked(c.Payee.Account), c.Payee.Account},
		plain("currency", "page.edit.currency", string(c.Currency)),
		plain("urgency", "page.edit.urgency", v.optional("urgency."+string(c.Urgency), string(c.Urgency))),
		plain("total", "page.total", shownMoney(c.Total)),
	}
	if c.BaseTotal.Currency != c.Total.Currency {
		list = append(list, plain("base", "page.versions.base_total", shownMoney(c.BaseTotal)))
	}
	if c.Rate != nil {
		list = append(list, plain("rate", "page.versions.rate", c.Rate.Value+" · "+shownDate(v.locale, c.Rate.Date)))
	}
	if c.Offset != nil {
		list = append(list, plain("offset", "page.edit.offset", c.Offset.Number+" · "+shownMoney(c.Offset.Amount)))
	}
	for _, f := range kind.Fields {
		raw := c.Fields[f.Name]
		list = append(list, cell{"fields." + f.Name, i18n.Pick(f.Title, v.locale), v.fieldValue(f, raw), raw})
	}
	return append(list, fileCells("attachments", v.t("page.attachments"), c.Attachments))
}

func fileCells(key, title string, files []document.Attachment) cell {
	var names, hashes []string
	for _, a := range files {
		names, hashes = append(names, a.Name+" ("+shownSize(a.Size)+")"), append(hashes, a.Name+a.SHA256)
	}
	return cell{key, title, strings.Join(names, "\n"), strings.Join(hashes, "\n")}
}

// lineCells are what a line says.
func (v *visit) lineCells(kind *doctype.Type, l document.Line) []cell {
	plain := func(key, title, value string) cell { return cell{key, v.t(title), value, value} }
	list := []cell{
		{"category", v.t("page.edit.category"), v.category(kind, l.Category), l.Category},
		{"date", v.t("page.edit.date"), shownDate(v.locale, l.Date), l.Date},
		plain("description", "page.edit.description", l.Description), plain("invoice", "page.edit.invoice", l.Invoice),
		plain("amount", "page.edit.amount", shownMoney(l.Amount)),
		plain("cost_center", "page.edit.cost_center", l.CostCenter),
	}
	if l.City != "" || l.Units != 0 {
		raw := l.City + " " + strconv.FormatInt(l.Units, 10)
		list = append(list, cell{"place", v.t("page.versions.place"), v.placeOf(kind, l), raw})
	}
	if l.Tax.Minor != 0 {
		list = append(list, plain("tax", "page.edit.tax", shownMoney(l.Tax)))
	}
	return append(list, fileCells("attachments", v.t("page.attachments"), l.Attachments))
}

// differ lists what two lists of cells say differently, in the order of the first,
// then what only the second says.
func differ(was, now []cell) []difference {
	var found []difference
	at := func(list []cell, key string) cell {
		if i := slices.IndexFunc(list, func(c cell) bool { return c.Key == key }); i >= 0 {
			return list[i]
		}
		return cell{}
	}
	for _, w := range was {
		if n := at(now, w.Key); n.raw != w.raw {
			found = append(found, difference{w.Title, w.Value, n.Value})
		}
	}
	for _, n := range now {
		if at(was, n.Key).Key == "" && n.raw != "" {
			found = append(found, difference{n.Title, "", n.Value})
		}
	}
	return found
}

// lineDifferences holds the lines of two contents against each other: those that are
// the same stay beside each other, and what lies between is changed, added or gone.
func (v *visit) lineDifferences(kind *doctype.Type, was, now []document.Line) []lineDifference {
	before, after := v.allCells(kind, was), v.allCells(kind, now)
	var found []lineDifference
	for _, pair := range paired(rawOf(before), rawOf(after)) {
		d := lineDifference{How: "changed"}
		switch {
		case pair[1] < 0:
			d.How, d.Title = "removed", v.lineTitle(kind, was[pair[0]], pair[0])
			d.Cells = differ(before[pair[0]], nil)
		case pair[0] < 0:
			d.How, d.Title = "added", v.lineTitle(kind, now[pair[1]], pair[1])
			d.Cells = differ(nil, after[pair[1]])
		default:
			d.Title, d.Cells = v.lineTitle(kind, now[pair[1]], pair[1]), differ(before[pair[0]], after[pair[1]])
		}
		if len(d.Cells) > 0 {
			found = append(found, d)
		}
	}
	return found
}

func (v *visit) allCells(kind *doctype.Type, lines []document.Line) [][]cell {
	all := make([][]cell, 0, len(lines))
	for _, l := range lines {
		all = append(all, v.lineCells(kind, l))
	}
	return all
}

func (v *visit) lineTitle(kind *doctype.Type, l document.Line, i int) string {
	return strconv.Itoa(i+1) + ". " + v.category(kind, l.Category)
}

func rawOf(all [][]cell) []string {
	texts := make([]string, len(all))
	for i, cells := range all {
		for _, c := range cells {
			texts[i] += c.raw + "\x00"
		}
	}
	return texts
}

// paired holds two lists against each other by their longest common part: each pair
// is an index of the first and one of the second, -1 where there is none. What lies
// between two that are the same is paired in order.
func paired(was, now []string) [][2]int {
	common := make([][]int, len(was)+1) // length of the longest common part from here on
	for i := range common {
		common[i] = make([]int, len(now)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if was[i] == now[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var pairs [][2]int
	i, j := 0, 0
	for i < len(was) || j < len(now) {
		fromI, fromJ := i, j
		for i < len(was) || j < len(now) {
			if i < len(was) && j < len(now) && was[i] == now[j] {
				break
			}
			if j == len(now) || i < len(was) && common[i+1][j] >= common[i][j+1] {
				i++
			} else {
				j++
			}
		}
		for fromI < i || fromJ < j {
			pair := [2]int{-1, -1}
			if fromI < i {
				pair[0], fromI = fromI, fromI+1
			}
			if fromJ < j {
				pair[1], fromJ = fromJ, fromJ+1
			}
			pairs = append(pairs, pair)
		}
		if i < len(was) && j < len(now) {
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		}
	}
	return pairs
}
