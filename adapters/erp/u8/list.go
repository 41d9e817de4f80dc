package u8

import (
	"cmp"
	"context"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// mark is how the short reference stands at the end of an abstract 摘要: U8 finds a voucher by its
// coutno_id, but does not tell it of those it lists. Vouchers from outside cannot be changed inside U8.
var mark = regexp.MustCompile(`#([0-9a-hjkmnp-tv-z]{13})$`)

// marked is an abstract with the voucher's short reference at its end.
func marked(abstract, reference string) string {
	end := "#" + voucher.Short(reference)
	if room := abstractMax - len(end) - 1; len([]rune(abstract)) > room {
		abstract = string([]rune(abstract)[:room])
	}
	if abstract == "" {
		return end
	}
	return abstract + " " + end
}

// List returns the vouchers of one day of a range that carry a short reference of ours in an
// abstract; every page is a day. Safe to repeat.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	for _, text := range []string{asked.From, asked.Until} {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return port.Listed{}, port.Fault(port.CodeRefused, "the date "+text+" is not one")
		}
	}
	text := cmp.Or(asked.Cursor, asked.From)
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || text < asked.From {
		return port.Listed{}, port.Fault(port.CodeRefused, "not a page: "+text)
	}
	if text > asked.Until {
		return port.Listed{}, nil
	}
	rows, err := p.rows(ctx, url.Values{"date_begin": {text}, "date_end": {text}})
	if err != nil {
		return port.Listed{}, err
	}
	page, err := p.ours(rows)
	if next := day.AddDate(0, 0, 1).Format(time.DateOnly); next <= asked.Until {
		page.Next = next
	}
	return page, err
}

// ours keeps the vouchers that carry a reference of ours.
func (p *Port) ours(rows []row) (port.Listed, error) {
	references := map[string]string{} // by voucher
	for _, r := range rows {
		if found := mark.FindStringSubmatch(r.Digest); found != nil {
			references[r.voucher()] = found[1]
		}
	}
	kept := map[string][]row{}
	for _, r := range rows {
		if reference := references[r.voucher()]; reference != "" {
			kept[reference] = append(kept[reference], r)
		}
	}
	var page port.Listed
	for _, r := range rows {
		reference := references[r.voucher()]
		if kept[reference] == nil {
			continue
		}
		found, err := p.found(reference, kept[reference])
		if err != nil {
			return page, err
		}
		page.Vouchers = append(page.Vouchers, found...)
		delete(kept, reference)
	}
	return page, nil
}

// rows asks for entries, page by page. That this list has pages is not documented, only that
// others have: where it does not tell of more there are none.
func (p *Port) rows(ctx context.Context, values url.Values) ([]row, error) {
	var all []row
	for page := 1; page <= pagesMax; page++ {
		var got struct {
			Rows  []row `json:"voucherdetails"`
			Pages text  `json:"page_count"`
		}
		values.Set("page_index", strconv.Itoa(page))
		values.Set("rows_per_page", strconv.Itoa(pageSize))
		if err := p.client.get(ctx, "voucherdetails", values, &got); err != nil {
			return nil, err
		}
		all = append(all, got.Rows...)
		pages, err := strconv.Atoi(got.Pages.String())
		if err != nil {
			pages = page // it tells of no pages
		}
		if page >= pages {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "voucherdetails: too many rows"))
}
