package document

import (
	"maps"
	"slices"
)

// What may change materially between two revisions.
const (
	ChangedParties     = "parties"     // type, entity, department, submitter or requester
	ChangedPayee       = "payee"       // who is paid
	ChangedAccount     = "account"     // where the money goes
	ChangedCurrency    = "currency"    // or the frozen rate
	ChangedAmount      = "amount"      // it grew, in its own or in the base currency
	ChangedLines       = "lines"       // their number, order, category, date, text, money, place or cost centre
	ChangedInvoices    = "invoices"    // an invoice number of a line
	ChangedAttachments = "attachments" // the bytes of a file, not its name
	ChangedFields      = "fields"      // the type's own fields, and the cost centre
	ChangedOffset      = "offset"      // which advance is settled, or how much of it
)

// Material lists what changed materially from a to b, in the order of the
// constants above; empty where earlier decisions may stand. Title, reason,
// urgency and the names of files may change freely. 实质性变更
func Material(a, b Content) []string {
	var changed []string
	for _, part := range []struct {
		name string
		same bool
	}{
		{ChangedParties, parties(a) == parties(b)},
		{ChangedPayee, a.Payee.Kind == b.Payee.Kind && a.Payee.ID == b.Payee.ID && a.Payee.Name == b.Payee.Name},
		{ChangedAccount, a.Payee.Account == b.Payee.Account},
		{ChangedCurrency, sameCurrency(a, b)},
		{ChangedAmount, b.Total.Minor <= a.Total.Minor && b.BaseTotal.Minor <= a.BaseTotal.Minor},
		{ChangedLines, slices.EqualFunc(a.Lines, b.Lines, sameLine)},
		{ChangedInvoices, slices.EqualFunc(a.Lines, b.Lines, func(x, y Line) bool { return x.Invoice == y.Invoice })},
		{ChangedAttachments, sameFiles(a.Attachments, b.Attachments) &&
			slices.EqualFunc(a.Lines, b.Lines, func(x, y Line) bool { return sameFiles(x.Attachments, y.Attachments) })},
		{ChangedFields, a.CostCenter == b.CostCenter && maps.Equal(a.Fields, b.Fields)},
		{ChangedOffset, sameOffset(a.Offset, b.Offset)},
	} {
		if !part.same {
			changed = append(changed, part.name)
		}
	}
	return changed
}

// MaterialSince lists what of a content is materially other than in any of those seen
// before, each once and in the same order.
func MaterialSince(seen []Content, now Content) []string {
	var changed []string
	for _, one := range seen {
		changed = append(changed, Material(one, now)...)
	}
	slices.SortFunc(changed, func(a, b string) int {
		return slices.Index(materialOrder, a) - slices.Index(materialOrder, b)
	})
	return slices.Compact(changed)
}

var materialOrder = []string{
	ChangedParties, ChangedPayee, ChangedAccount, ChangedCurrency, ChangedAmount, ChangedLines, ChangedInvoices,
	ChangedAttachments, ChangedFields, ChangedOffset,
}

func parties(c Content) [5]string {
	return [5]string{c.Type, c.Entity, c.Department, c.Submitter, c.Requester}
}

func sameCurrency(a, b Content) bool {
	if a.Currency != b.Currency || a.BaseTotal.Currency != b.BaseTotal.Currency {
		return false
	}
	if a.Rate == nil || b.Rate == nil {
		return a.Rate == b.Rate
	}
	return a.Rate.Value == b.Rate.Value && a.Rate.Base == b.Rate.Base
}

func sameLine(a, b Line) bool {
	return a.Category == b.Category && a.Description == b.Description && a.Date == b.Date &&
		a.Amount == b.Amount && a.Tax == b.Tax && a.CostCenter == b.CostCenter && a.City == b.City && a.Units == b.Units
}

func sameOffset(a, b *Offset) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func sameFiles(a, b []Attachment) bool {
	return slices.EqualFunc(a, b, func(x, y Attachment) bool { return x.SHA256 == y.SHA256 && x.Size == y.Size })
}
