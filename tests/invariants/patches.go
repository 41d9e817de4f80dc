package invariants

import (
	"encoding/json"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const sanctionedKind, amendedKind = "document.sanctioned", "document.amended"

func patches(kind string) bool { return kind == sanctionedKind || kind == amendedKind }

// patchFacts are the data of what an approver changed in a document.
type patchFacts struct {
	Task  string `json:"task"`
	Lines []struct {
		Line    int    `json:"line"`
		Claimed amount `json:"claimed"`
		Was     amount `json:"was"`
		Now     amount `json:"now"`
	} `json:"lines"`
	Claimed amount `json:"claimed"`
	Was     amount `json:"was"`
	Now     amount `json:"now"`
	Changes []struct {
		Field string `json:"field"`
		Was   string `json:"was"`
		Now   string `json:"now"`
	} `json:"changes"`
}

// foldPatched takes the content that an approver set into force. They are one of
// those who decided.
func (c *checker) foldPatched(f *folded, e event) {
	subject := e.Stream + "#" + strconv.FormatInt(e.Seq, 10)
	t := f.tasks[e.facts.Task]
	c.hold("I8", subject, e.Round == f.round && e.Revision == f.revision+1, "it makes revision %d of round %d after revision %d of round %d",
		e.Revision, e.Round, f.revision, f.round)
	if c.hold("I5", subject, t != nil && t.State == "open" && t.For == "", "%s on a task that is not open", e.Kind) {
		f.patches = append(f.patches, patched{decision{e, *t, f.plan}, f.contentHash})
	}
	f.revision, f.contentHash = e.Revision, e.ContentHash
	if human(e.Actor) && !slices.Contains(f.deciders, e.Actor) {
		f.deciders = append(f.deciders, e.Actor)
	}
}

// patched is a change of the content, and the content that it changed.
type patched struct {
	decision
	seen string
}

// checkPatches holds that what an approver changed is the signed act of who was
// asked, allowed by the step, and exactly what the record says of it.
func (c *checker) checkPatches(d *document) {
	for _, p := range d.fold.patches {
		e, id := p.event, d.ID+"#"+strconv.FormatInt(p.event.Seq, 10)
		a, found := d.acts[e.Cause]
		if !c.hold("I5", id, found, "%s has no act %s in the inbox", e.Kind, e.Cause) {
			continue
		}
		name := map[string]string{sanctionedKind: "sanction", amendedKind: "amend"}[e.Kind]
		c.hold("I5", id, a.said.Name == name && a.said.Task == p.task.ID && a.said.Actor == e.Actor && a.said.OnBehalfOf == e.OnBehalfOf,
			"act %s says %s by %s on %s", a.ID, a.said.Name, a.said.Actor, a.said.Task)
		c.hold("I5", id, p.task.Assignee == e.Actor && e.OnBehalfOf == "" || p.task.Assignee == e.OnBehalfOf,
			"%s did it on behalf of %q, and the task is %s's", e.Actor, e.OnBehalfOf, p.task.Assignee)
		c.hold("I8", id, a.said.ContentHash == p.seen && a.said.NewHash == e.ContentHash && a.said.Revision == e.Revision,
			"act %s saw %s and made %s", a.ID, a.said.ContentHash, a.said.NewHash)
		c.checkDisinterested(d, p.decision)
		c.checkDelegated(d, p.decision, a)
		step := p.step()
		c.hold("I5", id, slices.Contains(step.Allow, name), "step %s does not allow to %s", step.ID, name)
		before, after := d.revisions[e.Revision-1], d.revisions[e.Revision]
		if e.Kind == sanctionedKind {
			c.checkSanction(id, read[patchFacts](e.Text), before.Text, after.Text)
		} else {
			c.checkAmendment(id, step, read[patchFacts](e.Text), before.Text, after.Text)
		}
	}
}

func (d decision) step() step {
	if d.plan != nil {
		for _, s := range d.plan.Steps {
			if s.ID == d.task.Step {
				return s
			}
		}
	}
	return step{}
}

// priced is the money of a content.
type priced struct {
	Lines     []pricedLine `json:"lines"`
	Total     amount       `json:"total"`
	BaseTotal amount       `json:"base_total"`
	Offset    *offset      `json:"offset"`
	Rate      *struct {
		Value string `json:"value"`
	} `json:"rate"`
	Claimed *struct {
		Total     amount  `json:"total"`
		BaseTotal amount  `json:"base_total"`
		Offset    *amount `json:"offset"`
	} `json:"claimed"`
}

type pricedLine struct {
	Amount  amount      `json:"amount"`
	Tax     amount      `json:"tax"`
	Claimed *pricedLine `json:"claimed"`
}

func (l pricedLine) claim() pricedLine {
	if l.Claimed != nil {
		return *l.Claimed
	}
	return l
}

// checkSanction holds that nothing but amounts changed, none above its claim, and
// that the record tells each of them.
func (c *checker) checkSanction(id string, told patchFacts, beforeText, afterText string) {
	before, after := read[priced](beforeText), read[priced](afterText)
	c.hold("I8", id, reflect.DeepEqual(unpriced(beforeText), unpriced(afterText)), "it changed more than amounts")
	if !c.hold("I8", id, len(before.Lines) == len(after.Lines), "it changed the lines") {
		return
	}
	var sum int64
	n := 0
	for i, now := range after.Lines {
		was, claim := before.Lines[i], now.claim()
		sum += now.Amount.Minor
		c.hold("I8", id, claim.Amount == was.claim().Amount && claim.Tax == was.claim().Tax, "it changed the claim of line %d", i+1)
		c.hold("I8", id, now.Amount.Minor >= 0 && now.Amount.Minor <= claim.Amount.Minor && now.Amount.Currency == claim.Amount.Currency,
			"line %d: %v is approved of %v", i+1, now.Amount, claim.Amount)
		c.hold("I8", id, fairTax(now, claim), "line %d: the tax %v of %v claimed", i+1, now.Tax, claim.Tax)
		c.hold("I8", id, (now.Claimed != nil) == (now.Amount != claim.Amount), "line %d does not say what was claimed", i+1)
		if was.Amount == now.Amount {
			continue
		}
		said := n < len(told.Lines) && told.Lines[n].Line == i+1 && told.Lines[n].Was == was.Amount &&
			told.Lines[n].Now == now.Amount && told.Lines[n].Claimed == claim.Amount
		c.hold("I8", id, said, "line %d became %v, and the record does not say so", i+1, now.Amount)
		n++
	}
	c.hold("I8", id, n == len(told.Lines) && n > 0, "the record tells of %d lines, and %d changed", len(told.Lines), n)
	c.hold("I8", id, after.Total.Minor == sum && sum > 0 && told.Was == before.Total && told.Now == after.Total,
		"its total is %v, its lines come to %d, and the record says %v", after.Total, sum, told.Now)
	c.checkClaimed(id, told, before, after)
}

// checkClaimed holds what was claimed as a whole, the base total and the offset.
func (c *checker) checkClaimed(id string, told patchFacts, before, after priced) {
	total, base, settled := before.Total, before.BaseTotal, int64(0)
	if before.Offset != nil {
		settled = before.Offset.Amount.Minor
	}
	if before.Claimed != nil {
		total, base = before.Claimed.Total, before.Claimed.BaseTotal
		if before.Claimed.Offset != nil {
			settled = before.Claimed.Offset.Minor
		}
	}
	c.hold("I8", id, told.Claimed == total && after.Total.Minor <= total.Minor, "%v is approved of %v", after.Total, total)
	if after.Claimed != nil {
		c.hold("I8", id, after.Claimed.Total == total && after.Claimed.BaseTotal == base, "it says that %v was claimed, not %v",
			after.Claimed.Total, total)
	}
	c.hold("I8", id, (after.Claimed != nil) == (after.Total != total), "it does not say what was claimed")
	c.hold("I8", id, after.BaseTotal.Currency == base.Currency && after.BaseTotal.Minor <= base.Minor &&
		(after.Rate != nil || after.BaseTotal == after.Total), "its base total is %v of %v", after.BaseTotal, base)
	if before.Offset == nil || after.Offset == nil {
		c.hold("I8", id, before.Offset == after.Offset, "an offset came or went")
		return
	}
	now := after.Offset.Amount.Minor
	owes := max(0, settled-total.Minor)
	c.hold("I8", id, now == min(settled, after.Total.Minor+owes) && now > 0, "it settles %d of an advance, and %d was claimed of it",
		now, settled)
}

// fairTax says whether the tax keeps its share of the claim, but for less than one
// minor unit.
func fairTax(now, claim pricedLine) bool {
	if claim.Amount.Minor <= 0 {
		return now.Tax == claim.Tax
	}
	share := new(big.Rat).SetFrac(
		new(big.Int).Mul(big.NewInt(claim.Tax.Minor), big.NewInt(now.Amount.Minor)), big.NewInt(claim.Amount.Minor))
	off := share.Sub(share, new(big.Rat).SetInt64(now.Tax.Minor))
	return now.Tax.Currency == claim.Tax.Currency && now.Tax.Minor >= 0 && off.Abs(off).Cmp(big.NewRat(1, 1)) < 0
}

// unpriced is a content without what a sanction may change.
func unpriced(text string) map[string]any {
	c := loose(text)
	for _, key := range []string{"total", "base_total", "claimed"} {
		delete(c, key)
	}
	if o, is := c["offset"].(map[string]any); is {
		delete(o, "amount")
	}
	for _, l := range listOf(c["lines"]) {
		for _, key := range []string{"amount", "tax", "claimed"} {
			delete(l, key)
		}
		if s, is := l["standard"].(map[string]any); is {
			delete(s, "over")
		}
	}
	return c
}

var lineField = regexp.MustCompile(`^lines\[(\d+)\]\.(\w+)$`)

// checkAmendment makes the recorded changes in the content before, and holds that
// nothing else is different after.
func (c *checker) checkAmendment(id string, s step, told patchFacts, beforeText, afterText string) {
	content := loose(beforeText)
	c.hold("I8", id, len(told.Changes) > 0, "the record tells of no change")
	for _, change := range told.Changes {
		at, key, named := content, change.Field, change.Field
		if parts := lineField.FindStringSubmatch(change.Field); parts != nil {
			n, _ := strconv.Atoi(parts[1])
			lines := listOf(content["lines"])
			if !c.hold("I8", id, n < len(lines), "there is no %s", change.Field) {
				continue
			}
			at, key, named = lines[n], parts[2], "lines."+parts[2]
		} else if name, own := strings.CutPrefix(change.Field, "fields."); own {
			at, _ = content["fields"].(map[string]any)
			key = name
		}
		c.hold("I5", id, slices.Contains(s.Amend, named), "step %s does not let %s be amended", s.ID, change.Field)
		was, _ := at[key].(string)
		c.hold("I8", id, was == change.Was && was != change.Now, "%s was %q, and the record says %q", change.Field, was, change.Was)
		at[key] = change.Now
		if change.Now == "" && key == "cost_center" && named != key {
			delete(at, key) // left out where it is empty
		}
	}
	c.hold("I8", id, reflect.DeepEqual(content, loose(afterText)), "it changed more than the record says")
}

func loose(text string) map[string]any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	content := map[string]any{}
	_ = decoder.Decode(&content) // what cannot be read agrees with nothing
	return content
}

func listOf(value any) []map[string]any {
	var list []map[string]any
	items, _ := value.([]any)
	for _, item := range items {
		if m, is := item.(map[string]any); is {
			list = append(list, m)
		}
	}
	return list
}
