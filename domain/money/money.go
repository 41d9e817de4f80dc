// Package money is exact: integer minor units beside an ISO 4217 currency.
package money

// Currency is an ISO 4217 alphabetic code, upper case. 币种
type Currency string

// Amount is a sum of money in the minor unit of its currency (分 for CNY, yen
// for JPY). Its JSON form is the canonical one of events and hashes; the API
// shows decimal text instead. 金额
type Amount struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}
