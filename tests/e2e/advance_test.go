package e2e

import (
	"net/http"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

func yuan(amount string) walk.Money { return walk.Money{Amount: amount, Currency: "CNY"} }

// entries are a voucher's, as «side account amount party».
func (s *scene) entries(reference string) []string {
	s.Helper()
	var voucher struct {
		Entries []struct {
			Side, Account, Party string
			Amount               walk.Money
		}
	}
	_, err := s.as("wang").Call(s.ctx, http.MethodGet, "/vouchers/"+reference, "", nil, &voucher)
	require.NoError(s, err)
	var rows []string
	for _, e := range voucher.Entries {
		rows = append(rows, e.Side+" "+e.Account+" "+e.Amount.Amount+" "+e.Party)
	}
	return rows
}

// advance is a journey that is allowed, advanced and settled: by two reports at
// once, of which the advance bears one.
func (s *scene) advance() {
	trip := s.submit("lin", walk.Form{Type: "travel_request", Title: "成都展会", Currency: "CNY", Lines: []walk.Line{},
		Fields: map[string]string{"destination": "成都", "start_date": "2027-03-01", "end_date": "2027-03-04",
			"transport": "train", "abroad": "domestic"}})
	s.decide("zhao", trip.ID, "approve", "")
	require.Nil(s, s.await("lin", trip.ID, "closed").Voucher, "nothing is booked")

	loan := s.submit("lin", walk.Form{Type: "advance", Title: "成都展会借款", Currency: "CNY",
		Fields: map[string]string{"needed_on": "2027-02-20", "settle_by": "2027-03-31", "travel_request": trip.Number},
		Lines:  []walk.Line{{Category: "travel_advance", Amount: yuan("1000.00")}}})
	for _, person := range []string{"zhao", "chen"} {
		s.decide(person, loan.ID, "approve", "")
	}
	reference := s.closed("lin", loan.ID).Voucher.Reference
	require.Equal(s, []string{"debit 1221 1000.00 lin", "credit 2202 1000.00 lin"}, s.entries(reference))

	report := expense("成都差旅", "900.00")
	report.Offset = &walk.Offset{Advance: loan.Number, Amount: yuan("600.00")}
	reports, refused := make([]walk.Document, 2), make([]error, 2)
	var done sync.WaitGroup
	for i := range reports {
		key := s.key()
		done.Go(func() { reports[i], refused[i] = s.as("lin").Submit(s.ctx, report, key) })
	}
	done.Wait()
	first := 0
	if refused[0] != nil {
		first = 1
	}
	require.NoError(s, refused[first])
	require.Equal(s, "offset.amount", s.refused(refused[1-first], http.StatusUnprocessableEntity, "offset.exceeds_open").Field)
	settled := s.closed("lin", reports[first].ID) // below the limit of the policy
	require.Equal(s, []string{"debit 6602 900.00 ", "credit 1221 600.00 lin", "credit 2202 300.00 lin"},
		s.entries(settled.Voucher.Reference))
	rest := expense("成都市内交通", "150.00")
	rest.Offset = &walk.Offset{Advance: loan.Number, Amount: yuan("400.00")}
	owed := s.closed("lin", s.submit("lin", rest).ID)
	require.Equal(s, []string{"debit 6602 150.00 ", "debit 2202 250.00 lin", "credit 1221 400.00 lin"},
		s.entries(owed.Voucher.Reference))
}
