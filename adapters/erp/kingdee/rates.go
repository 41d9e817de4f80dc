package kingdee

import (
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
)

// rates reads 汇率 into the books' currency: the direct ones (直接汇率, so many units of
// 目标币 for one of 原币) of one type, audited and in use, with their first day. They are
// always read as a whole, for nobody tells whether BD_Rate knows when it was changed. The
// currencies have been read: rates tell 原币 by its number.
func (p *Port) rates(ctx context.Context, m *port.Master) error {
	from := port.RatesFrom(time.Now())
	rows, err := p.query(ctx, question{"BD_Rate", []string{"FCyForID.FNumber", "FBegDate", "FExchangeRate"},
		"FRATETYPEID.FNumber='" + p.options["rate_type"] + "' and FCyToID.FNumber='" + p.currencies[string(p.currency)] +
			"' and FDocumentStatus='C' and FForbidStatus='A' and FEndDate>='" + from + "'", "FBegDate"})
	if err != nil {
		return err
	}
	codes := map[string]money.Currency{}
	for _, c := range m.Currencies {
		codes[c.ID] = money.Currency(c.Code)
	}
	var all []document.Rate
	for _, cells := range rows {
		if code := codes[cells[0]]; code != "" && code != p.currency {
			all = append(all, document.Rate{Currency: code, Base: p.currency, Date: day(cells[1]),
				Value: master.Cross("1", cells[2])})
		}
	}
	m.Rates = port.Recent(all, from)
	return nil
}
