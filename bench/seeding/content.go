package seeding

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// idPattern finds the ids of seeded documents: a UUID of version 7 whose last part
// ends with the document's place.
const idPattern = "________-____-7___-b5ee-d___________"

func documentID(at time.Time, n int) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x7000)
	binary.BigEndian.PutUint64(id[8:], 0xb5eed<<44|uint64(n))
	return id.String()
}

// kinds are the document types, by how many in a hundred there are up to each.
var kinds = []struct {
	id, prefix, category string
	upTo                 int
	supplier             bool
}{
	{"expense", "EXP", "travel", 60, false}, {"travel_request", "TRV", "fares", 74, false},
	{"payment_request", "PAY", "goods", 88, true}, {"purchase_request", "PUR", "equipment", 95, false},
	{"advance", "ADV", "travel_advance", 100, false},
}

var places = []string{"上海", "北京", "深圳", "杭州", "成都", "武汉", "Berlin", "Hamburg", "东京", "新加坡"}

var matters = []string{"客户拜访差旅费", "项目验收差旅报销", "季度团建餐费", "办公用品采购", "服务器续费", "市场活动物料", "供应商货款",
	"培训费报销", "招聘会展位费", "软件许可年费", "Client visit", "Trade fair travel", "Team workshop", "Office supplies",
	"差旅备用金", "年会场地定金", "维修保养费", "快递与运费"}

// asked is one document as it was submitted.
type asked struct {
	n       int
	id      string
	number  string
	prefix  string
	at      time.Time
	content document.Content
	random  *rand.Rand
}

// moment is when the nth document was submitted: evenly over the years.
func (w *world) moment(n int) time.Time {
	from := w.begun.AddDate(-years, 0, 0)
	each := float64(w.begun.Sub(from)) / float64(len(w.fates))
	return from.Add(time.Duration(each * (float64(n) + 0.5))).Truncate(time.Microsecond)
}

// asked makes the nth document; the same every time.
func (w *world) asked(n int) asked {
	random := rand.New(rand.NewPCG(uint64(n), 3))
	at := w.moment(n)
	asker := w.company.askers[skewed(random, len(w.company.askers), askerSkew)]
	kind := kinds[0]
	for percent, i := random.IntN(100), 0; percent >= kinds[i].upTo; i++ {
		kind = kinds[i+1]
	}
	amount := money.Amount{Minor: amountFor(random, w.fates[n]),
		Currency: money.Currency(w.company.snapshot.Entities[asker.Entity].Currency)}
	c := document.Content{
		Type: kind.id, Entity: asker.Entity, Department: asker.Department, Submitter: asker.ID, Requester: asker.ID,
		Title:  places[random.IntN(len(places))] + " " + matters[random.IntN(len(matters))] + fmt.Sprintf(" %d", n%977),
		Reason: "项目需要，见附件说明",
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: asker.ID, Name: asker.Name,
			Account: "6222000000000000000"},
		Currency: amount.Currency, Urgency: document.Normal, Total: amount, BaseTotal: amount,
		Lines: []document.Line{{No: 1, Category: kind.category, Description: "明细", Date: at.Format(time.DateOnly),
			Invoice: invoiceOf(n), Amount: amount, Tax: money.Amount{Currency: amount.Currency}}},
	}
	if random.IntN(20) == 0 {
		c.Urgency = document.Urgent
	}
	if kind.supplier {
		c.Payee = document.Payee{Kind: document.PayeeSupplier, ID: fmt.Sprintf("SEED%03d", random.IntN(300)),
			Name: "上海启明办公用品有限公司", Account: "6222000000000000001"}
	}
	first := w.firstOf(at.Year())
	return asked{n: n, id: documentID(at, n), number: fmt.Sprintf("%s-%d-%06d", kind.prefix, at.Year(), w.base+n-first+1),
		prefix: kind.prefix, at: at, content: c, random: random}
}

// invoiceOf is the number of a document's invoice: one document in ten has none, and
// one in two hundred shows that of the document before it again.
func invoiceOf(n int) string {
	switch {
	case n%10 == 0:
		return ""
	case n%200 == 199:
		n--
	}
	return fmt.Sprintf("2431%016d", n)
}

// firstOf is the first document of a year: numbers begin there.
func (w *world) firstOf(year int) int {
	from := w.begun.AddDate(-years, 0, 0)
	begins := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	if !begins.After(from) {
		return 0
	}
	return int(float64(len(w.fates)) * float64(begins.Sub(from)) / float64(w.begun.Sub(from)))
}

// amountFor is below a thousand where nobody was asked, and mostly small above it.
func amountFor(random *rand.Rand, f fate) int64 {
	if f == closedByRule {
		return 1_000 + random.Int64N(98_000)
	}
	return 100_000 + int64(math.Exp(random.NormFloat64()*1.2+12))
}
