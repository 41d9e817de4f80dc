package outage_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/countersign/countersign/domain/outage"
)

var (
	now  = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	rule = outage.Rule{Silent: 15 * time.Minute, Share: 50, Least: 20}
)

func ago(minutes int) time.Time { return now.Add(time.Duration(-minutes) * time.Minute) }

func TestStrikes(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule outage.Rule
		seen outage.Seen
		want outage.Kind
	}{
		{"nothing was asked", rule, outage.Seen{}, ""},
		{"all is well", rule, outage.Seen{Total: 100, Failed: 3, LastAnswer: ago(1)}, ""},
		{"silent for a moment", rule, outage.Seen{Total: 2, Failed: 2, Unanswered: ago(14)}, ""},
		{"silent for long", rule, outage.Seen{Unanswered: ago(15)}, outage.Silent},
		{"half of it fails", rule, outage.Seen{Total: 20, Failed: 10}, outage.Errors},
		{"less than half", rule, outage.Seen{Total: 21, Failed: 10}, ""},
		{"too few to tell", rule, outage.Seen{Total: 19, Failed: 19}, ""},
		{"silence first", rule, outage.Seen{Total: 30, Failed: 30, Unanswered: ago(20)}, outage.Silent},
		{"told of nothing", outage.Rule{}, outage.Seen{Total: 30, Failed: 30, Unanswered: ago(600)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.rule.Strikes(tt.seen, now)) })
	}
}

func TestOver(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind outage.Kind
		seen outage.Seen
		want bool
	}{
		{"still silent", outage.Silent, outage.Seen{Unanswered: ago(30), LastAnswer: ago(40)}, false},
		{"it refused something", outage.Silent, outage.Seen{LastAnswer: ago(1)}, true},
		{"nothing is kept of it any more", outage.Silent, outage.Seen{}, false},
		{"fewer failures, but at the edge", outage.Errors, outage.Seen{Total: 20, Failed: 6, LastOK: ago(1)}, false},
		{"few failures", outage.Errors, outage.Seen{Total: 20, Failed: 4, LastOK: ago(1)}, true},
		{"nobody asks", outage.Errors, outage.Seen{LastOK: ago(40)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, rule.Over(tt.kind, ago(20), tt.seen)) })
	}
}
