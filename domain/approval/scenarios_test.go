package approval_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/approval/approvaltest"
)

// scenarios reads every file of docs/scenarios.
func scenarios(t *testing.T) []approvaltest.Scenario {
	t.Helper()
	files, err := filepath.Glob("../../docs/scenarios/*.txt")
	require.NoError(t, err)
	var all []approvaltest.Scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		some, err := approvaltest.Read(filepath.Base(file), string(text))
		require.NoError(t, err)
		all = append(all, some...)
	}
	require.Greater(t, len(all), 35, "too few scenarios were found for this test to mean anything")
	return all
}

// TestScenarios plays docs/scenarios against the core.
func TestScenarios(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Title["en"], func(t *testing.T) {
			require.NoError(t, verify(t, s))
		})
	}
}

func verify(t *testing.T, s approvaltest.Scenario) error {
	moments, err := approvaltest.Play(s)
	require.NoError(t, err)
	for i, m := range moments {
		if err := s.Verify(s.Deeds[i], m); err != nil {
			return err
		}
	}
	return nil
}

// TestEveryLineOfAScenarioCounts takes each thing that happens, and left events,
// out of each scenario, and puts another word into each expectation: what is
// expected must then fail.
func TestEveryLineOfAScenarioCounts(t *testing.T) {
	for _, s := range scenarios(t) {
		moments, err := approvaltest.Play(s)
		require.NoError(t, err)
		for i, d := range s.Deeds {
			for n, e := range d.Expect {
				other := s
				other.Deeds = slices.Clone(s.Deeds)
				other.Deeds[i].Expect = slices.Clone(d.Expect)
				other.Deeds[i].Expect[n].Want = "another"
				assert.Error(t, verify(t, other), "%s counts for nothing", s.Where(e.Line))
			}
			if i == 0 || len(moments[i].Events) == 0 {
				continue // what leaves no trace cannot be missed
			}
			other := s
			other.Deeds = without(s.Deeds, i)
			assert.Error(t, verify(t, other), "%s counts for nothing", s.Where(d.Line))
		}
	}
}

// without leaves out one deed. What it was to lead to is then expected of the deed
// before it.
func without(deeds []approvaltest.Deed, i int) []approvaltest.Deed {
	left := slices.Delete(slices.Clone(deeds), i, i+1)
	if len(deeds[i].Expect) > 0 {
		left[i-1].Expect = slices.Clone(left[i-1].Expect)
		left[i-1].Expect = slices.DeleteFunc(left[i-1].Expect,
			func(e approvaltest.Expectation) bool { return e.What != "refused" })
		left[i-1].Expect = append(left[i-1].Expect, deeds[i].Expect...)
	}
	return left
}

// TestTheScenariosCoverTheLanguage holds that every act of docs/acts.md takes
// effect in a scenario, and that every mode, rule of rejection and timeout occurs.
func TestTheScenariosCoverTheLanguage(t *testing.T) {
	page, err := os.ReadFile("../../docs/acts.md")
	require.NoError(t, err)
	wanted := map[string]bool{}
	table := regexp.MustCompile(`(?s)## Acts\n(.*?)\n### `).FindSubmatch(page)
	require.NotNil(t, table)
	for _, row := range regexp.MustCompile(`(?m)^\| (`+"`.*?)"+` \|`).FindAllSubmatch(table[1], -1) {
		for _, act := range regexp.MustCompile("`([a-z_]+)`").FindAllSubmatch(row[1], -1) {
			wanted[string(act[1])] = true
		}
	}
	require.Greater(t, len(wanted), 14, "the page was not understood: %v", wanted)
	for _, mode := range []approval.Mode{
		approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio, approval.PerGroup,
	} {
		wanted[string(mode)] = true
	}
	for _, word := range []string{
		approval.RejectVeto, approval.RejectVote, approval.RejectEveryone, approval.TimeoutEscalate,
		approval.TimeoutReassign, approval.TimeoutReject, approval.TimeoutApprove, string(approval.Skip),
		string(approval.AutoApprove), approval.SignBefore, approval.SignAfter, approval.SignBeside,
		approval.BackRestart, approval.BackStraight, approval.RulingRetry, approval.RulingRedate, approval.RulingVoid,
		approval.RulingReassign, approval.RulingJump, approval.RulingReplan, approval.RulingRelease,
	} {
		wanted[word] = true
	}
	for _, s := range scenarios(t) {
		for _, step := range s.Given.Plan.Steps {
			for _, word := range []string{string(step.Mode), step.OnReject, step.OnTimeout.Do, string(step.Need)} {
				delete(wanted, word)
			}
		}
		for _, d := range s.Deeds {
			if len(d.Expect) > 0 && d.Expect[0].What == "refused" {
				continue
			}
			for _, word := range []string{string(d.Act.Name), d.Act.Where, d.Act.Back, d.Act.Ruling} {
				delete(wanted, word)
			}
		}
	}
	require.Empty(t, wanted, "no scenario has them")
}

// TestAScenarioWithAnUnknownWordIsRefused names the file and the line.
func TestAScenarioWithAnUnknownWordIsRefused(t *testing.T) {
	const head = "scenario: A\n场景：甲\nwhy: b\n说明：乙\ngiven:\n"
	for _, tt := range []struct{ name, text, want string }{
		{"an unknown part", head + "step s: any_of li\nthem:", `f.txt:7: "them:" is nothing to be given`},
		{"a line before any scenario", "li approves", `f.txt:1: "li approves" stands before`},
		{"an unknown verb", head + "step s: any_of li\nwhen:\nli applauds", `f.txt:8: "applauds" is nothing that people do`},
		{"an unknown mode", head + "step s: most_of li", `f.txt:6: "most_of li" is no mode`},
		{"an unknown setting", head + "step s: any_of li; dew 1 workday", `f.txt:6: "dew 1 workday" is no setting`},
		{"an unknown rule", head + "step s: any_of li; on_timeout approves", `f.txt:6: "approves" is none of`},
		{"an unknown allowance", head + "step s: any_of li; allow tranfer", `f.txt:6: "tranfer" is none of`},
		{"an unknown moment of copies", head + "step s: any_of li; copies max when closed", `f.txt:6: "closed" is none of`},
		{"an unknown expectation", head + "step s: any_of li\nthen:\nstate: x", `f.txt:8: "state: x" is nothing to expect`},
		{"an unknown gift", head + "steps s: any_of li", `f.txt:6: "steps s: any_of li" is nothing to be given`},
		{"no status at the end", head + "step s: any_of li\nwhen:\nli approves", `f.txt:8: "A" does not end with a status`},
		{"a refusal of nothing", head + "step s: any_of li\nwhen:\nrefused: x", `f.txt:8: "refused: x" follows no act`},
		{"one language only", "scenario: A\nwhy: b\ngiven:\nstep s: any_of li", `f.txt:4: "A" lacks its title`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := approvaltest.Read("f.txt", tt.text)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
