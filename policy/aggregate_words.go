package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/money"
)

type aggregateWords struct {
	by           map[string]string
	join         string
	whole        string // what is shared, days
	counted      string // own, how many, what is shared, days, theirs, sum
	one, several string // documents, by number
	alone        string // own, what is shared, days
	day, days    string
}

var aggregateWordings = map[string]aggregateWords{
	"en": {
		by: map[string]string{
			approval.CountPayee: "the same payee", approval.CountCategory: "the same categories",
			approval.CountRequester: "the same requester", approval.CountSubmitter: "the same submitter",
		},
		join: " and ", whole: "the amount is added up with other documents of %s, asked for within %s",
		counted: "Amount: %s + %s of %s within %s, %s = %s", one: "1 other document", several: "%d other documents",
		alone: "Amount: %s; no other documents of %s within %s", day: "1 day", days: "%d days",
	},
	"zh-CN": {
		by: map[string]string{
			approval.CountPayee: "收款方相同", approval.CountCategory: "类别相同",
			approval.CountRequester: "申请人相同", approval.CountSubmitter: "提单人相同",
		},
		join: "且", whole: "金额合并计算：与%[2]s内%[1]s的其他单据相加",
		counted: "金额：%[1]s + %[4]s内%[3]s的%[2]s %[5]s = %[6]s", one: "其他单据 1 张", several: "其他单据 %d 张",
		alone: "金额：%[1]s；%[3]s内没有%[2]s的其他单据", day: "1 天", days: "%d 天",
	},
}

func aggregateWordsOf(locale string) aggregateWords {
	if w, ok := aggregateWordings[locale]; ok {
		return w
	}
	return aggregateWordings["en"]
}

// Words tells people what is added up, in a locale (zh-CN, else en).
func (a *Aggregate) Words(locale string) string {
	w := aggregateWordsOf(locale)
	return fmt.Sprintf(w.whole, w.shared(a.By), w.within(a.Within))
}

// summary is how a difference is told.
func (a *Aggregate) summary() string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("%s: %d", strings.Join(a.By, ", "), a.Within)
}

func (w aggregateWords) within(days int) string {
	if days == 1 {
		return w.day
	}
	return fmt.Sprintf(w.days, days)
}

func (w aggregateWords) shared(by []string) string {
	names := make([]string, 0, len(by))
	for _, one := range []string{
		approval.CountPayee, approval.CountRequester, approval.CountSubmitter, approval.CountCategory,
	} {
		if slices.Contains(by, one) {
			names = append(names, w.by[one])
		}
	}
	return strings.Join(names, w.join)
}

// CountedWords tells people what a plan's amount is made of, in a locale (zh-CN, else en).
func CountedWords(c *approval.Counted, locale string) string {
	w, show := aggregateWordsOf(locale), func(a money.Amount) string { return a.Text() + " " + string(a.Currency) }
	if c.Count == 0 {
		return fmt.Sprintf(w.alone, show(c.Own), w.shared(c.By), w.within(c.Days))
	}
	documents := w.one
	if c.Count > 1 {
		documents = fmt.Sprintf(w.several, c.Count)
	}
	return fmt.Sprintf(w.counted, show(c.Own), documents, w.shared(c.By), w.within(c.Days), show(c.Others),
		show(c.Sum))
}
