package document

import "github.com/countersign/countersign/domain/money"

// Standard is what a line might cost by the type's table of that day, frozen at
// submission, so that whoever decides sees what was compared. 费用标准
type Standard struct {
	Limit money.Amount `json:"limit"` // of the whole line
	Over  money.Amount `json:"over"`  // what the line exceeds it by; zero where it keeps within
}
