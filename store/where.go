package store

import (
	"math"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// where is a condition put together from what a filter asks for. Each shape of it is
// a statement of its own, so that PostgreSQL plans it for the index it can use.
type where struct {
	text strings.Builder
	args []any
}

// value is the placeholder of one more argument.
func (w *where) value(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// and adds a condition; each ? in it stands for the next value.
func (w *where) and(condition string, values ...any) {
	w.text.WriteString(" AND ")
	for _, v := range values {
		before, after, _ := strings.Cut(condition, "?")
		w.text.WriteString(before + w.value(v))
		condition = after
	}
	w.text.WriteString(condition)
}

// Narrow is what lists of tasks are narrowed by, all of it about their documents.
// Empty fields do not narrow.
type Narrow struct {
	Types, Entities []string
	Urgency         document.Urgency
	People          []string // whom it is for, or who submitted it
	Amounts         AmountRange

	Query string   // somewhere in the number or the title, …
	Named []string // … or for one of these, whom the query names
}

// AmountRange is amounts in one currency, its ends included.
type AmountRange struct {
	Currency money.Currency // "" does not narrow
	From, To int64          // minor units; To 0 has no end
}

// any says whether there is anything to narrow by.
func (n Narrow) any() bool {
	return len(n.Types)+len(n.Entities)+len(n.People) > 0 || n.Urgency != "" || n.Query != "" || n.Amounts.Currency != ""
}

// narrow adds the conditions on document d. An amount is the document's own where it
// is in the currency that was asked for, else that in its entity's currency.
func (w *where) narrow(n Narrow) {
	if len(n.Types) > 0 {
		w.and(`d.type = ANY(?)`, pq.Array(n.Types))
	}
	if len(n.Entities) > 0 {
		w.and(`d.entity = ANY(?)`, pq.Array(n.Entities))
	}
	if n.Urgency != "" {
		w.and(`d.urgency = ?`, string(n.Urgency))
	}
	if len(n.People) > 0 {
		w.and(`(d.requester = ANY(?) OR d.submitter = ANY(?))`, pq.Array(n.People), pq.Array(n.People))
	}
	if n.Query != "" {
		w.and(`(d.number ILIKE ? OR d.title ILIKE ? OR d.requester = ANY(?))`, like(n.Query), like(n.Query),
			pq.Array(n.Named))
	}
	if a := n.Amounts; a.Currency != "" {
		if a.To == 0 {
			a.To = math.MaxInt64
		}
		w.and(`(d.currency = ? AND d.total_minor BETWEEN ? AND ?
			OR d.currency <> ? AND d.base_currency = ? AND d.base_minor BETWEEN ? AND ?)`,
			string(a.Currency), a.From, a.To, string(a.Currency), string(a.Currency), a.From, a.To)
	}
}
