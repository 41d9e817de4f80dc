package policy

import (
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// The limits of how fresh a sign-in must be.
const (
	freshMaxSeconds = 3600
	classesMax      = 10
	classMax        = 200 // characters
)

// FreshSignIn asks whoever decides on a document from an amount on for a fresh
// sign-in at the identity provider, in every step. 大额二次认证
type FreshSignIn struct {
	From    money.Amount `json:"from"` // in the policy's base currency
	Seconds int          `json:"seconds"`
	Classes []string     `json:"acr,omitempty"`
}

type freshYAML struct {
	From   string   `yaml:"from,required"`
	Within string   `yaml:"within,required"`
	Class  []string `yaml:"acr"`
}

// freshSignIn reads the limit; nil where none is written.
func (r *reading) freshSignIn(base money.Currency, raw freshYAML) *FreshSignIn {
	const path = "fresh_sign_in"
	if !r.written(path) {
		return nil
	}
	f := FreshSignIn{}
	var err error
	if f.From, err = money.Parse(raw.From, base); err != nil || f.From.Minor < 0 {
		r.refuse("policy.bad_amount", path+".from", fault.Arg("value", raw.From))
	}
	switch within := r.duration(path+".within", raw.Within); {
	case within.Unit == calendar.Second:
		f.Seconds = int(within.Count)
		r.number(path+".within", f.Seconds, 1, freshMaxSeconds)
	case within.Unit != "": // a sign-in does not wait for office hours
		r.refuse("policy.bad_duration", path+".within", fault.Arg("value", raw.Within))
	}
	if r.written(path + ".acr") {
		r.count(path+".acr", len(raw.Class), classesMax)
	}
	for i, class := range raw.Class {
		if class == "" || len(class) > classMax {
			r.refuse("policy.empty", path+".acr["+strconv.Itoa(i)+"]")
		}
		f.Classes = append(f.Classes, class)
	}
	return &f
}

// over is what a plan asks for at an amount: nil below the limit.
func (f *FreshSignIn) over(minor int64) *approval.FreshSignIn {
	if f == nil || minor < f.From.Minor {
		return nil
	}
	return &approval.FreshSignIn{Seconds: f.Seconds, Classes: f.Classes}
}
