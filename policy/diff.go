package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/doctype"
)

// The limits of what diff tries.
const (
	sampledClasses = 20   // requesters
	samplesMax     = 2000 // requests
)

// Change is one difference between two versions of a policy. 版本差异
type Change struct {
	Step string `json:"step"` // its id; "" for the policy itself
	What string `json:"what"` // added, removed, moved, or the key that changed
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Rerouted is a request that takes another path under the new version.
type Rerouted struct {
	Content document.Content `json:"content"`
	Old     *approval.Plan   `json:"old"` // nil where it got no plan
	New     *approval.Plan   `json:"new"`
}

// Compare lists what changed from one version to another, step by step in the
// order of the new one. Wording alone, such as a comment, is no change.
func Compare(before, after *Policy) []Change {
	changes := compared("", describePolicy(before), describePolicy(after))
	known := map[string]Step{}
	for _, s := range before.Steps {
		known[s.ID] = s
	}
	oldOrder, newOrder := common(before, after), common(after, before)
	for _, s := range after.Steps {
		was, ok := known[s.ID]
		if !ok {
			changes = append(changes, Change{Step: s.ID, What: "added", New: summary(s)})
			continue
		}
		if o, n := slices.Index(oldOrder, s.ID), slices.Index(newOrder, s.ID); o != n {
			changes = append(changes, Change{Step: s.ID, What: "moved", Old: fmt.Sprint(o + 1), New: fmt.Sprint(n + 1)})
		}
		changes = append(changes, compared(s.ID, describe(was), describe(s))...)
	}
	for _, s := range before.Steps {
		if !slices.ContainsFunc(after.Steps, func(n Step) bool { return n.ID == s.ID }) {
			changes = append(changes, Change{Step: s.ID, What: "removed", Old: summary(s)})
		}
	}
	return append(changes, comparedForks(before, after)...)
}

// common lists the steps of a policy that the other one has as well.
func common(p, other *Policy) []string {
	var ids []string
	for _, s := range p.Steps {
		if slices.ContainsFunc(other.Steps, func(o Step) bool { return o.ID == s.ID }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func compared(step string, before, after map[string]string) []Change {
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	var changes []Change
	for _, key := range sortedKeys(keys) {
		if before[key] != after[key] {
			changes = append(changes, Change{Step: step, What: key, Old: before[key], New: after[key]})
		}
	}
	return changes
}

func describePolicy(p *Policy) map[string]string {
	var limits []string
	for _, r := range p.Require {
		limits = append(limits, fmt.Sprintf("%s: %d", r.From.Text(), r.Humans))
	}
	words := map[string]string{"base": string(p.Base), "then": strings.Join(p.Then, ", "),
		"require": strings.Join(limits, ", "), "title": titles(p.Title), "cc": p.CC.words(),
		"aggregate": p.Aggregate.summary()}
	if f := p.FreshSignIn; f != nil {
		words["fresh_sign_in"] = strings.TrimSpace(fmt.Sprintf("%s, %d s %s", f.From.Text(), f.Seconds,
			strings.Join(f.Classes, " ")))
	}
	if p.Passkey != nil {
		words["passkey"] = p.Passkey.From.Text()
	}
	return words
}

// words is whom a policy copies in, and when, as it is compared.
func (c *Copying) words() string {
	if c == nil {
		return ""
	}
	return c.On + ": " + finders(c.Who)
}

// describe words every key of a step; keys of later versions of the language are
// worded as they are written in the canonical form.
func describe(s Step) map[string]string {
	words := canonical(s)
	words["title"], words["approvers"], words["mode"] = titles(s.Title), finders(s.Approvers), string(s.Mode)
	words["when"], words["otherwise"] = strings.Join(strings.Fields(s.When), " "), string(s.Otherwise)
	words["due"] = pair(s.Due.Normal.String(), s.Due.Urgent.String(), s.Due.Normal.IsZero())
	words["remind"] = ""
	if s.Remind.AtMost > 0 {
		words["remind"] = fmt.Sprintf("%s, %s, %d", s.Remind.First.String(), s.Remind.Every.String(), s.Remind.AtMost)
	}
	words["on_timeout"] = strings.TrimSpace(s.OnTimeout.Do + " " + s.OnTimeout.Role)
	words["allow"] = strings.Join(slices.Sorted(slices.Values(s.Allow)), ", ") // a set: its order says nothing
	words["distinct_from"] = strings.Join(s.DistinctFrom, ", ")
	words["in"], words["as_of"], words["amend"] = places(s.In), s.AsOf, strings.Join(s.Amend, ", ")
	words["cc"], words["same_approver"] = s.CC.words(), "ask"
	if s.Once {
		words["same_approver"] = "once"
	}
	delete(words, "once")
	delete(words, "id")
	return words
}

func pair(normal, urgent string, none bool) string {
	if none {
		return ""
	}
	return normal + " / " + urgent
}

func titles(title map[string]string) string { return title["en"] + " · " + title["zh-CN"] }

func finders(all []Finder) string {
	var ways []string
	for _, f := range all {
		way := f.way()
		if rest := canonical(f); !plain(f) || way == "" || f.Choice != nil {
			delete(rest, "of")
			if f.Choice != nil {
				rest["choice"] = f.Choice.written()
			}
			var parts []string
			for _, key := range sortedKeys(rest) {
				parts = append(parts, key+": "+rest[key])
			}
			way = strings.Join(parts, ", ")
		}
		ways = append(ways, way)
	}
	return strings.Join(ways, ", ")
}

// written is a choice as a policy's author writes it.
func (c Choice) written() string {
	who, among := "submitter, field: "+c.Field, "role: "+c.Role
	if c.Field == "" {
		who = "approver, of: " + c.Step
	}
	if c.Role == "" {
		among = "department: " + c.Department
	}
	return who + ", among: { " + among + " }"
}

func summary(s Step) string {
	text := finders(s.Approvers)
	if s.When != "" {
		text = strings.Join(strings.Fields(s.When), " ") + " → " + text
	}
	return text
}

// Reroute routes requests by both versions and answers with those whose path
// differs: other steps, other people, other modes or deadlines.
func Reroute(before, after *Policy, requests []document.Content, snapshot *org.Snapshot) []Rerouted {
	var changed []Rerouted
	for _, content := range requests {
		o, oldErr := routeOf(before, content, snapshot)
		n, newErr := routeOf(after, content, snapshot)
		if oldErr != nil && newErr != nil || oldErr == nil && newErr == nil && path(o) == path(n) {
			continue
		}
		one := Rerouted{Content: content}
		if oldErr == nil {
			one.Old = &o
		}
		if newErr == nil {
			one.New = &n
		}
		changed = append(changed, one)
	}
	return changed
}

// path is what a plan does, without the reasons in words.
func path(plan approval.Plan) string {
	var steps []approval.Step
	for _, s := range plan.Steps {
		if s.Need != approval.Skip {
			s.Title, s.Reason, s.Branches = nil, "", untitled(s.Branches)
			steps = append(steps, s)
		}
	}
	text, err := json.Marshal([]any{steps, plan.CC})
	if err != nil {
		panic(fmt.Sprintf("policy: a plan is always JSON: %v", err))
	}
	return string(text)
}

// Samples are requests that try both versions where either's conditions change:
// each type's first requester and one in each of some departments, at every amount
// that a condition of either compares with.
func Samples(before, after *Policy, ground Ground) []document.Content {
	var samples []document.Content
	for _, p := range []*Policy{before, after} {
		c := &proving{policy: p, ground: ground, org: ground.Org, found: map[string]int{}, tried: map[string]Claim{}}
		c.prepare()
		stride := max(1, len(c.classes)/sampledClasses)
		for _, t := range c.kinds() {
			for n := 0; n < len(c.classes); n += stride {
				samples = append(samples, c.samplesOf(t, c.classes[n])...)
			}
		}
	}
	if len(samples) > samplesMax {
		kept := make([]document.Content, 0, samplesMax)
		for i := range samplesMax {
			kept = append(kept, samples[i*len(samples)/samplesMax])
		}
		return kept
	}
	return samples
}

func (c *proving) samplesOf(t *doctype.Type, who class) []document.Content {
	var samples []document.Content
	for _, v := range c.variants(t, who) {
		for _, minor := range c.cuts.amounts {
			if content, ok := v.at(minor, c.policy.Base); ok {
				samples = append(samples, content)
			}
		}
	}
	return samples
}

// canonical is a value's canonical JSON by key, for the keys it sets.
func canonical(value any) map[string]string {
	words := map[string]string{}
	text, err := json.Marshal(value)
	var keys map[string]json.RawMessage
	if err != nil || json.Unmarshal(text, &keys) != nil {
		return words
	}
	for key, raw := range keys {
		words[key] = string(raw)
	}
	return words
}
