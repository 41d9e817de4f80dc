package proof

import (
	"encoding/json"
	"slices"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reversal"
)

// reversals proves the stream of what was undone: its links, and that it tells of each
// voucher what can have happened: asked for by one, approved by another, booked once.
func (c *check) reversals() {
	var prev evidence.Event
	var undone []string
	for _, e := range c.Reversals {
		if err := evidence.VerifyAfter(prev, []evidence.Event{e}); err != nil {
			c.found(e.Seq, fault.CodeOf(err), "%v", err)
		}
		if e.Stream != reversal.StreamPrefix+c.Document {
			c.found(e.Seq, "stream.other", "it is of %s", e.Stream)
		}
		prev = e
		var d reversal.Data
		if json.Unmarshal(e.Data, &d) == nil && !slices.Contains(undone, d.Voucher) {
			undone = append(undone, d.Voucher)
		}
	}
	for _, original := range undone {
		state, err := reversal.Of(original, c.Reversals)
		if err != nil {
			c.found(0, "fold.impossible", "%v", err)
		}
		c.report.Reversals = append(c.report.Reversals, Reversal{
			Voucher: original, Status: state.Status, Number: state.Number, Maker: state.Maker, Checker: state.Checker,
		})
	}
}

// Reversal is how far the reversal of one voucher has come, and who stands for it.
type Reversal struct {
	Voucher string          `json:"voucher"`
	Status  reversal.Status `json:"status"`
	Number  string          `json:"number,omitempty"` // in the books
	Maker   string          `json:"maker"`
	Checker string          `json:"checker,omitempty"`
}
