package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/store"
)

// simulateDefault is how many documents are routed where nobody says.
const simulateDefault = 10_000

type simulateFlags struct {
	policy, before, against string
	n                       int
	seed                    uint64
	json                    bool
}

func policySimulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Route past or generated documents by a draft, and say what would change",
		Long: `simulate routes documents by a draft and by the version in force, and says whose path changes, how many
approvals it takes, what each approver is given, and how long a document is expected to wait.

  --against past       the newest documents of the database (database.url), read only, with the organisation, the
                       version in force and the recorded durations that are in it
  --against generated  documents made by --seed, at the thresholds of both policies; no database: the version in
                       force is --before, else the shipped policy of the same name, in the company of --company`,
		Example: "  countersign policy simulate --policy draft.yaml --against generated --n 100000 --seed 7",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			draft, err := readPolicy(f.policy)
			if err != nil {
				return err
			}
			ground, err := f.ground(cmd, draft)
			if err != nil {
				return err
			}
			defer ground.close()
			bar := newProgress(cmd.ErrOrStderr(), f.n)
			simulated, err := policy.Simulate(ground.input, ground.cases, bar.show)
			bar.end()
			if err != nil {
				return err
			}
			return f.print(cmd, simulated.Report())
		},
	}
	cmd.Flags().StringVar(&f.policy, "policy", "", "the draft")
	cmd.Flags().StringVar(&f.before, "before", "", "the policy to compare with (default: the version in force)")
	cmd.Flags().StringVar(&f.against, "against", "generated", "past or generated documents")
	cmd.Flags().IntVar(&f.n, "n", simulateDefault, "how many documents at most")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "of generated documents: the same seed makes the same ones")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	_ = cmd.MarkFlagRequired("policy")
	return cmd
}

func (f simulateFlags) print(cmd *cobra.Command, r policy.SimulationReport) error {
	if f.json {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), string(text))
		return err
	}
	_, err := fmt.Fprint(cmd.OutOrStdout(), r.Text(locale(cmd)))
	return err
}

// simulateGround is what a simulation stands on.
type simulateGround struct {
	input policy.SimulateInput
	cases iter.Seq2[policy.Case, error]
	close func()
}

func (f simulateFlags) ground(cmd *cobra.Command, draft *policy.Policy) (simulateGround, error) {
	switch {
	case f.n < 1:
		return simulateGround{}, errors.New("--n: at least 1")
	case f.against == "generated":
		return f.generated(cmd, draft)
	case f.against == "past":
		return f.past(cmd, draft)
	}
	return simulateGround{}, fmt.Errorf("--against: %q is neither past nor generated", f.against)
}

func (f simulateFlags) generated(cmd *cobra.Command, draft *policy.Policy) (simulateGround, error) {
	company, err := companyOf(cmd)
	if err != nil {
		return simulateGround{}, err
	}
	types, err := shippedTypes()
	if err != nil {
		return simulateGround{}, err
	}
	before, err := f.compared(func() (string, []byte, error) {
		name := "policies/" + draft.ID + ".yaml"
		text, err := config.Shipped.ReadFile(name)
		return name, text, err
	})
	if err != nil {
		return simulateGround{}, err
	}
	made, err := policy.NewGenerator(policy.GenerateInput{Policies: []*policy.Policy{before, draft}, Types: types,
		Org: company, Rates: demoRateRow, Seed: f.seed})
	if err != nil {
		return simulateGround{}, err
	}
	return simulateGround{
		input: policy.SimulateInput{Before: before, After: draft, Org: company,
			Rates: func(_ string, from, to money.Currency) (string, bool) { return demoRate(from, to) }},
		cases: made.Cases(f.n), close: func() {},
	}, nil
}

func demoRateRow(from, to money.Currency) (document.Rate, bool) {
	i := slices.IndexFunc(demoRates, func(r document.Rate) bool { return r.Currency == from && r.Base == to })
	if i < 0 {
		return document.Rate{}, false
	}
	return demoRates[i], true
}

// compared is what the draft is held against: --before, else what is in force.
func (f simulateFlags) compared(inForce func() (string, []byte, error)) (*policy.Policy, error) {
	if f.before != "" {
		return readPolicy(f.before)
	}
	name, text, err := inForce()
	if err != nil {
		return nil, fmt.Errorf("the version in force (say --before): %w", err)
	}
	return policy.Parse(name, text)
}

func (f simulateFlags) past(cmd *cobra.Command, draft *policy.Policy) (simulateGround, error) {
	p, err := load(cmd, "simulate")
	if err != nil {
		return simulateGround{}, err
	}
	if !p.config.Database.URL.IsSet() {
		return simulateGround{}, config.NoDatabase
	}
	ctx := cmd.Context()
	s, err := store.Open(ctx, store.Options{URL: p.config.Database.URL.Reveal(), MaxOpen: 2, ReadOnly: true,
		Application: "countersign-simulate"})
	if err != nil {
		return simulateGround{}, fmt.Errorf("reaching the database (database.url): %w", err)
	}
	ground, err := f.stored(ctx, s, draft)
	if err != nil {
		_ = s.Close()
	}
	return ground, err
}

// stored reads what a simulation of past documents stands on.
func (f simulateFlags) stored(ctx context.Context, s *store.Store, draft *policy.Policy) (simulateGround, error) {
	before, err := f.compared(func() (string, []byte, error) {
		row, err := s.PolicyInForce(ctx, "policy", draft.ID)
		return row.ID, []byte(row.YAML), err
	})
	if err != nil {
		return simulateGround{}, err
	}
	input, cases, err := desk.Past(ctx, s, before, draft, f.n)
	return simulateGround{input: input, cases: cases, close: func() { _ = s.Close() }}, err
}

func readPolicy(file string) (*policy.Policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the policy: %w", err)
	}
	return policy.Parse(file, text)
}
