package pages

import (
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// countedBox is what a route counted beside its document: the sum, and those of the
// others that the reader may read.
type countedBox struct {
	Text      string
	Documents []countedRow
	Hidden    string // that the reader may not read some; "" where they may
	Rest      string // that there are more than a plan names
}

type countedRow struct{ ID, Number, Title, Amount string }

// countedBox is nil where nothing was counted.
func (v *visit) countedBox(c *approval.Counted) (*countedBox, error) {
	if c == nil || c.Count == 0 {
		return nil, nil
	}
	rows, err := v.desk().Counted(v.r.Context(), v.who, c)
	if err != nil {
		return nil, err
	}
	box := &countedBox{Text: v.counted(c)}
	for _, r := range rows {
		box.Documents = append(box.Documents, countedRow{r.Document, r.Number, r.Title, shownMoney(r.Amount)})
	}
	if more := len(c.Documents) - len(rows); more > 0 {
		box.Hidden = v.optionalCount("page.counted.hidden", int64(more), "")
	}
	if more := c.Count - len(c.Documents); more > 0 {
		box.Rest = v.t("page.counted.rest", "n", strconv.Itoa(more))
	}
	return box, nil
}

// counted tells what an amount is made of.
func (v *visit) counted(c *approval.Counted) string {
	var shared []string
	for _, by := range []string{
		approval.CountPayee, approval.CountRequester, approval.CountSubmitter, approval.CountCategory,
	} {
		if slices.Contains(c.By, by) {
			shared = append(shared, v.t("page.counted.by."+by))
		}
	}
	key := "page.counted.sum"
	if c.Count == 1 {
		key += ".one"
	}
	return v.t(key, "own", shownMoney(c.Own), "n", strconv.Itoa(c.Count),
		"days", v.optionalCount("page.counted.days", int64(c.Days), ""),
		"shared", strings.Join(shared, v.t("page.counted.and")), "others", shownMoney(c.Others), "sum", shownMoney(c.Sum))
}
