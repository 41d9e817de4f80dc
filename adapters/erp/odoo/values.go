package odoo

import (
	"encoding/json"
	"fmt"

	"github.com/countersign/countersign/domain/money"
)

// number is an amount as Odoo wants it: a JSON number, written out exactly.
func number(a money.Amount) json.Number { return json.Number(a.Text()) }

// text is a string field, which is false where it is empty.
type text string

// UnmarshalJSON reads it.
func (t *text) UnmarshalJSON(raw []byte) error {
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		return err
	}
	switch got := got.(type) {
	case string:
		*t = text(got)
	case bool, nil:
		*t = ""
	default:
		return fmt.Errorf("odoo: %s where a text should be", raw)
	}
	return nil
}

// link is a many-to-one field: [id, display name], or false where it is empty.
type link struct {
	id   int64
	name string
}

// UnmarshalJSON reads it.
func (l *link) UnmarshalJSON(raw []byte) error {
	var pair [2]json.RawMessage
	*l = link{}
	if string(raw) == "false" || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, &pair); err != nil {
		return fmt.Errorf("odoo: %s where a link should be", raw)
	}
	if err := json.Unmarshal(pair[0], &l.id); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &l.name)
}

// row is what the look-ups and Sync read, of any model.
type row struct {
	ID           int64 `json:"id"`
	Code         text  `json:"code"`
	Ref          text  `json:"ref"`
	Name         text  `json:"name"`
	Currency     link  `json:"currency_id"`
	AccountType  text  `json:"account_type"`
	InternalType text  `json:"internal_type"`
	Active       *bool `json:"active"`
	Deprecated   bool  `json:"deprecated"`
	Digits       int   `json:"decimal_places"`

	Company link        `json:"company_id"`
	Plan    link        `json:"plan_id"`
	Contact link        `json:"work_contact_id"`
	Rate    json.Number `json:"rate"`
}

// wantsParty says whether the account is receivable or payable, in the words of
// any version.
func (r row) wantsParty() bool {
	switch r.AccountType + r.InternalType {
	case "asset_receivable", "liability_payable", "receivable", "payable":
		return true
	}
	return false
}

func (r row) active() bool { return (r.Active == nil || *r.Active) && !r.Deprecated }
