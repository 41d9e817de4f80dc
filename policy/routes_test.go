package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
)

// The words of docs/scenarios/routes.
var (
	sharesWord = regexp.MustCompile(`^counted together: ([a-z, ]+) within (\d+) days$`)
	bandWord   = regexp.MustCompile(`^from ([0-9.]+): (\w+)$`)
	asksWord   = regexp.MustCompile(`^(\S+) (\w+) asks for (.+)$`)
	againWord  = regexp.MustCompile(`^(\S+) (\d+) asks again for (.+)$`)
	endsWord   = regexp.MustCompile(`^(\d+) is (withdrawn|returned|rejected|voided)$`)
	amountWord = regexp.MustCompile(`^amount: ([0-9.]+)(?: with (\d+) others?)?$`)
	peopleWord = regexp.MustCompile(`^asked: (.+)$`)
)

// TestRouteScenarios plays docs/scenarios/routes: a policy in words, documents one
// after another, and what each is judged by.
func TestRouteScenarios(t *testing.T) {
	files, err := filepath.Glob("../docs/scenarios/routes/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		stories := strings.Split(string(text), "\nscenario: ")[1:]
		require.NotEmpty(t, stories)
		for _, story := range stories {
			name, rest, _ := strings.Cut(story, "\n")
			t.Run(name, func(t *testing.T) { (&routeStory{T: t}).play(rest) })
		}
	}
}

type routeStory struct {
	*testing.T
	shares, days string
	bands        [][2]string
	all          ledger
	plan         approval.Plan
	held         int
}

func (s *routeStory) play(text string) {
	for _, line := range strings.Split(text, "\n") {
		word := strings.TrimSpace(line)
		known := word == "" || word == "given:" || word == "when:" || strings.HasPrefix(word, "场景：") ||
			strings.HasPrefix(word, "why: ") || strings.HasPrefix(word, "说明：")
		require.True(s, known || s.given(word) || s.when(word) || s.then(word), "not understood: %s", line)
	}
	require.Positive(s, s.held, "nothing is expected")
	require.Contains(s, text, "场景：")
	require.Contains(s, text, "说明：")
}

func (s *routeStory) given(word string) bool {
	if m := sharesWord.FindStringSubmatch(word); m != nil {
		s.shares, s.days = m[1], m[2]
		return true
	}
	m := bandWord.FindStringSubmatch(word)
	if m != nil {
		s.bands = append(s.bands, [2]string{m[1], m[2]})
	}
	return m != nil
}

func (s *routeStory) policy() *policy.Policy {
	text := fmt.Sprintf("policy: p\ntitle: { en: P, zh-CN: 甲 }\nbase: CNY\naggregate: { by: [%s], within: %s days }\nsteps:\n",
		s.shares, s.days)
	for i, band := range s.bands {
		text += fmt.Sprintf("  - id: s%d\n    title: { en: S, zh-CN: 节点 }\n    when: amount >= money(%q)\n"+
			"    otherwise: auto_approve\n    approvers: [{ person: %s }]\n", i, band[0], band[1])
	}
	p, err := policy.Parse("story.yaml", []byte(text+"then: [archive]\n"))
	require.NoError(s, err)
	return p
}

func (s *routeStory) when(word string) bool {
	if m := endsWord.FindStringSubmatch(word); m != nil {
		n, _ := strconv.Atoi(m[1])
		s.all[n-1].ended = m[2] != "returned"
		return true
	}
	if m := againWord.FindStringSubmatch(word); m != nil {
		n, _ := strconv.Atoi(m[2])
		s.all[n-1].at, s.all[n-1].content = s.day(m[1]), s.content(s.all[n-1].content.Requester, m[3])
		s.route(n - 1)
		return true
	}
	m := asksWord.FindStringSubmatch(word)
	if m == nil {
		return false
	}
	s.all = append(s.all, counted{id: fmt.Sprint(len(s.all) + 1), at: s.day(m[1]), content: s.content(m[2], m[3])})
	s.route(len(s.all) - 1)
	return true
}

func (s *routeStory) day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	require.NoError(s, err)
	return at
}

func (s *routeStory) content(who, lines string) document.Content {
	var all []document.Line
	for _, one := range strings.Split(lines, ", ") {
		text, category, _ := strings.Cut(one, " ")
		amount, err := money.Parse(text, "CNY")
		require.NoError(s, err)
		all = append(all, spend(category, amount.Minor))
	}
	c := with(all...)
	c.Submitter, c.Requester, c.Payee.ID = who, who, who
	return c
}

func (s *routeStory) route(mine int) {
	var err error
	s.plan, err = policy.Route(policy.RouteInput{Policy: s.policy(), Version: 1, Content: s.all[mine].content, Org: company(), Round: 1,
		Document: s.all[mine].id, Beside: s.all.beside(mine, s.all[mine].at)})
	require.NoError(s, err)
}

func (s *routeStory) then(word string) bool {
	s.held++
	if m := amountWord.FindStringSubmatch(word); m != nil {
		require.Equal(s, m[1], s.plan.Counted.Sum.Text(), word)
		require.Equal(s, max("0", m[2]), strconv.Itoa(s.plan.Counted.Count), word)
		return true
	}
	m := peopleWord.FindStringSubmatch(word)
	if m == nil {
		return false
	}
	var asked []string
	for _, step := range s.plan.Steps {
		for _, a := range step.Approvers {
			asked = append(asked, a.Person)
		}
	}
	require.Equal(s, strings.TrimPrefix(m[1], "nobody"), strings.Join(asked, ", "))
	return true
}
