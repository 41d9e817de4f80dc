package invariants_test

import (
	"encoding/json"
	"strings"

	"github.com/countersign/countersign/domain/evidence"
)

// The lies about what was sanctioned and amended.
func init() {
	planted = append(planted, []lie{
		{"more approved than was claimed", "I8", "is approved of", func(l *liar) {
			l.recontent("sanctioned", 2, `"amount":{"currency":"CNY","minor":35000}`, `"amount":{"currency":"CNY","minor":45000}`)
		}},
		{"a claim made higher", "I8", "it changed the claim of line 1", func(l *liar) {
			l.recontent("sanctioned", 2, `"claimed":{"amount":{"currency":"CNY","minor":40000}`,
				`"claimed":{"amount":{"currency":"CNY","minor":45000}`)
		}},
		{"a sanction that changes the payee", "I8", "it changed more than amounts", func(l *liar) {
			l.recontent("sanctioned", 2, `"6222…"`, `"9999…"`)
		}},
		{"a tax that is kept whole", "I8", "the tax", func(l *liar) {
			l.recontent("sanctioned", 2, `"tax":{"currency":"CNY","minor":0}},{"amount":{"currency":"CNY","minor":0},`,
				`"tax":{"currency":"CNY","minor":9}},{"amount":{"currency":"CNY","minor":0},`)
		}},
		{"an amendment that changes more", "I8", "it changed more than the record says", func(l *liar) {
			l.recontent("sanctioned", 3, `"6222…"`, `"9999…"`)
		}},
		{"an amount that the record does not tell", "I8", "the record does not say so", func(l *liar) {
			l.forge("sanctioned", func(events []evidence.Event) []evidence.Event {
				i := find(events, "document.sanctioned", 1)
				events[i].Data = setField(events[i].Data, "lines", []any{})
				return events
			})
		}},
		{"a sanction where the step allows none", "I5", "does not allow to sanction", func(l *liar) {
			l.forge("sanctioned", func(events []evidence.Event) []evidence.Event {
				i := find(events, "plan.made", 1)
				events[i].Data = json.RawMessage(strings.ReplaceAll(string(events[i].Data), `"sanction"`, `"hold"`))
				return events
			})
		}},
		{"a content that no sanction leads to", "I8", "document.noted is on the content", func(l *liar) {
			l.forge("sanctioned", func(events []evidence.Event) []evidence.Event {
				i := find(events, "document.sanctioned", 1)
				events[i].Kind = "document.noted"
				return events
			})
		}},
		{"a claim hidden in the read model", "I13", "what was claimed", func(l *liar) {
			l.tell("documents", `UPDATE documents SET claimed_minor = NULL WHERE id = $1`, l.id("sanctioned"))
		}},
		{"a sanction that nobody was told", "I15", "document.sanctioned owes", func(l *liar) {
			l.tell("notices", `DELETE FROM notices WHERE document = $1 AND kind = 'document.sanctioned'`, l.id("sanctioned"))
		}},
	}...)
}
