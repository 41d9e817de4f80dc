package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

// rows are all rows of an entity set.
func (s *Server) rows(set string) (rows []map[string]any, known bool) {
	switch set {
	case "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube":
		for _, v := range s.Books.Where(func(simbooks.Voucher) bool { return true }) {
			for n, l := range v.Lines {
				rows = append(rows, cubeRow(v, n, l))
			}
		}
		return rows, true
	case "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountText":
		for _, code := range slices.Sorted(maps.Keys(s.Books.Accounts)) {
			rows = append(rows, map[string]any{"GLAccount": code, "GLAccountName": s.Books.Accounts[code].Name,
				"ChartOfAccounts": Chart, "Language": "EN"})
		}
		return rows, true
	case "API_BUSINESS_PARTNER/A_Supplier":
		for _, code := range slices.Sorted(maps.Keys(s.Books.Values["supplier"])) {
			rows = append(rows, map[string]any{"Supplier": code, "SupplierName": s.Books.Values["supplier"][code]})
		}
		return rows, true
	case "API_COSTCENTER_SRV/A_CostCenterText":
		for _, code := range slices.Sorted(maps.Keys(s.Books.Values["department"])) {
			rows = append(rows, map[string]any{"CostCenter": code, "CostCenterName": s.Books.Values["department"][code],
				"Language": "EN"})
		}
		return rows, true
	case RatesPath:
		return rates(s.Today), true
	case FactorsPath:
		return ratios(s.Today), true
	}
	return nil, false
}

// selected are the rows with the fields that are asked for, all without a word; nil where
// a row has not one of them.
func selected(rows []map[string]any, fields string) []map[string]any {
	kept := make([]map[string]any, 0, len(rows))
	for _, row := range rows {
		one := map[string]any{}
		for field := range strings.SplitSeq(fields, ",") {
			if row[field] == nil && fields != "" {
				return nil
			}
			one[field] = row[field]
		}
		if fields == "" {
			one = row
		}
		kept = append(kept, one)
	}
	return kept
}

func cubeRow(v simbooks.Voucher, n int, l simbooks.Line) map[string]any {
	posted, _ := time.Parse(time.DateOnly, v.Date)
	side := "S"
	if l.Extra["side"] == "H" {
		side = "H"
	}
	return map[string]any{"CompanyCode": Company, "FiscalYear": v.Date[:4], "AccountingDocument": document(v),
		"AccountingDocumentItem": fmt.Sprintf("%03d", n+1), "DocumentReferenceID": v.Ref,
		"PostingDate": fmt.Sprintf("/Date(%d)/", posted.UnixMilli()), "GLAccount": l.Account,
		"Supplier": l.Dimensions["supplier"], "Customer": "", "CostCenter": l.Dimensions["department"],
		"ProfitCenter": l.Dimensions["profit"], "WBSElement": l.Dimensions["project"], "OrderID": l.Dimensions["order"],
		"DebitCreditCode": side, "AmountInCompanyCodeCurrency": simbooks.Text(l.Debit - l.Credit),
		"AmountInTransactionCurrency": l.Foreign, "TransactionCurrency": l.Currency, "DocumentItemText": l.Text}
}
