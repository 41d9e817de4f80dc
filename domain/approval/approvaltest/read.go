package approvaltest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// reader reads one file, line by line. Every line it does not know is a mistake.
type reader struct {
	file  string
	line  int
	part  string // "", given, when or then
	all   []Scenario
	named map[string]bool
}

// Read reads the scenarios of a file.
//
// Errors: the first line that is not of the language, with file and line.
func Read(file, text string) ([]Scenario, error) {
	r := &reader{file: file, named: map[string]bool{}}
	for i, line := range strings.Split(text, "\n") {
		r.line = i + 1
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := r.read(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, r.line, err)
		}
	}
	if err := r.finish(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", file, r.line, err)
	}
	return r.all, nil
}

func (r *reader) read(line string) error {
	if title, ok := strings.CutPrefix(line, "scenario: "); ok {
		return r.begin(title)
	}
	if len(r.all) == 0 {
		return fmt.Errorf("%q stands before the first scenario", line)
	}
	s := &r.all[len(r.all)-1]
	for _, text := range []struct {
		key, locale string
		of          map[string]string
	}{{"场景：", "zh-CN", s.Title}, {"why: ", "en", s.Why}, {"说明：", "zh-CN", s.Why}} {
		if words, ok := strings.CutPrefix(line, text.key); ok {
			if r.part != "" || text.of[text.locale] != "" {
				return fmt.Errorf("%q is out of place", line)
			}
			text.of[text.locale] = strings.TrimSpace(words)
			return nil
		}
	}
	switch line {
	case "given:", "when:", "then:":
		return r.enter(strings.TrimSuffix(line, ":"))
	}
	switch r.part {
	case "given":
		return s.Given.read(line)
	case "when":
		return r.when(s, line)
	case "then":
		return r.then(s, line)
	}
	return fmt.Errorf("%q is not of the language", line)
}

func (r *reader) begin(title string) error {
	if err := r.finish(); err != nil {
		return err
	}
	if r.named[title] {
		return fmt.Errorf("a second scenario %q", title)
	}
	r.named[title], r.part = true, ""
	r.all = append(r.all, Scenario{
		File: r.file, Line: r.line, Title: map[string]string{"en": title}, Why: map[string]string{},
		Given: Given{Above: map[string][]string{}, Found: map[string][]string{}, Plan: approval.Plan{
			Round: 1, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: 1,
			Interested: []string{submitter, requester, payee, "sue2"}, Admins: []string{"ada"},
			Then: []string{approval.ThenArchive}, Rules: approval.RulesNow,
		}},
		Deeds: []Deed{{Line: r.line, Text: "the document is submitted", Kind: DeedSubmit}},
	})
	return nil
}

// enter goes on to the next part: given first and once, then when and then in turn.
func (r *reader) enter(part string) error {
	if (part == "given") != (r.part == "") || part == r.part {
		return fmt.Errorf("%s: is out of place", part)
	}
	r.part = part
	return nil
}

// finish refuses a scenario that tells too little to be read or believed.
func (r *reader) finish() error {
	if len(r.all) == 0 {
		return nil
	}
	s := r.all[len(r.all)-1]
	if s.Title["zh-CN"] == "" || s.Why["en"] == "" || s.Why["zh-CN"] == "" {
		return fmt.Errorf("%q lacks its title or its sentence in one language", s.Title["en"])
	}
	if len(s.Given.Plan.Steps) == 0 {
		return fmt.Errorf("%q has no step", s.Title["en"])
	}
	last := s.Deeds[len(s.Deeds)-1]
	if !slices.ContainsFunc(last.Expect, func(e Expectation) bool { return e.What == "status" }) {
		return fmt.Errorf("%q does not end with a status", s.Title["en"])
	}
	return nil
}

func (r *reader) when(s *Scenario, line string) error {
	if code, ok := strings.CutPrefix(line, "refused: "); ok {
		last := &s.Deeds[len(s.Deeds)-1]
		if last.Kind != DeedAct || len(last.Expect) > 0 {
			return fmt.Errorf("%q follows no act", line)
		}
		last.Expect = append(last.Expect, Expectation{Line: r.line, What: "refused", Want: code})
		return nil
	}
	d, err := readDeed(line)
	if err != nil {
		return err
	}
	if before := s.Deeds[len(s.Deeds)-1]; d.Kind == DeedAgain && before.Kind != DeedAct {
		return fmt.Errorf("%q follows no act", line)
	}
	d.Line = r.line
	s.Deeds = append(s.Deeds, d)
	return nil
}

func (r *reader) then(s *Scenario, line string) error {
	what, want, _ := strings.Cut(line, ": ")
	if expected[what] == nil || want == "" {
		return fmt.Errorf("%q is nothing to expect", line)
	}
	last := &s.Deeds[len(s.Deeds)-1]
	last.Expect = append(last.Expect, Expectation{Line: r.line, What: what, Want: want})
	return nil
}

// read reads a line of what is given.
func (g *Given) read(line string) error {
	if line == "a voucher is posted" {
		g.Plan.Then = []string{approval.ThenAccrue, approval.ThenArchive}
		return nil
	}
	what, said, _ := strings.Cut(line, ": ")
	subject, name, _ := strings.Cut(what, " ")
	switch {
	case said == "":
	case what == "same human":
		g.Plan.Same = append(g.Plan.Same, people(said))
		return nil
	case what == "no route":
		g.Unrouted = said
		return nil
	case what == "the ERP refuses":
		g.Refusals = append(g.Refusals, said)
		return nil
	case what == "the policy copies":
		var err error
		g.Plan.CC, err = copies(said, approval.CopyOpened, approval.CopyPassed, approval.CopyClosed)
		return err
	case subject == "above" && name != "":
		g.Above[name] = people(said)
		return nil
	case subject == "found" && strings.HasPrefix(name, "at "):
		g.Found[strings.TrimPrefix(name, "at ")] = people(said)
		return nil
	case subject == "step" && name != "":
		step, err := readStep(name, said)
		g.Plan.Steps = append(g.Plan.Steps, step)
		return err
	}
	return fmt.Errorf("%q is nothing to be given", line)
}

// copies reads who is copied in, and when: max, mia when passed.
func copies(text string, moments ...string) (*approval.Copies, error) {
	who, when, _ := strings.Cut(text, " when ")
	c := &approval.Copies{On: when, People: []approval.Approver{}}
	for _, name := range people(who) {
		if name != "nobody" {
			c.People = append(c.People, approval.Approver{Person: name, Via: "user"})
		}
	}
	return c, oneOf(when, moments...)
}

// people reads names with commas between them.
func people(text string) []string {
	var all []string
	for _, name := range strings.Split(text, ", ") {
		all = append(all, person(strings.TrimSpace(name)))
	}
	return all
}

func person(name string) string {
	if strings.TrimPrefix(name, "the ") == adminQueue {
		return approval.AdminQueue
	}
	return name
}
