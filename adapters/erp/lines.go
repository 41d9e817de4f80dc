package erp

import (
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/voucher"
)

// Lines are the entries of a voucher as the ERP should hold them.
func Lines(v voucher.Voucher) []Line {
	lines := make([]Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		lines = append(lines, port.LineOf(e))
	}
	return lines
}
