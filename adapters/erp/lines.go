package erp

import (
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// Lines are the entries of a voucher as an ERP that can so much should hold and tell them.
func Lines(v voucher.Voucher, can Capabilities) []Line {
	lines := make([]Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		line := port.LineOf(e)
		line.Dimensions = can.Splits(e)
		lines = append(lines, line)
	}
	return lines
}
