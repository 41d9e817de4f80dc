package command

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
)

// reroutedShown is how many requests diff prints unless told otherwise.
const reroutedShown = 5

func policyDiffCommand() *cobra.Command {
	var show int
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what changed from one version of a policy to another, and whose route differs",
		Long: "Say what changed from one version of a policy to another, step by step, and for which requests of a sample\n" +
			"the route differs. OLD and NEW are files, or published versions such as expense@3.",
		Example: "  countersign policy diff expense@3 my-expense.yaml",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, names []string) error {
			company, err := companyOf(cmd)
			if err != nil {
				return err
			}
			ground, err := shippedGround(company)
			if err != nil {
				return err
			}
			before, err := policyOf(cmd, names[0])
			if err != nil {
				return err
			}
			after, err := policyOf(cmd, names[1])
			if err != nil {
				return err
			}
			return printDiff(cmd, before, after, ground, show)
		},
	}
	cmd.Flags().IntVar(&show, "show", reroutedShown, "print so many requests whose route differs")
	return cmd
}

func printDiff(cmd *cobra.Command, before, after *policy.Policy, ground policy.Ground, show int) error {
	out, lang := cmd.OutOrStdout(), locale(cmd)
	changes := policy.Compare(before, after)
	for _, change := range changes {
		fmt.Fprintln(out, change.Words(lang))
	}
	samples := policy.Samples(before, after, ground)
	rerouted := policy.Reroute(before, after, samples, ground.Org)
	for _, one := range rerouted[:min(max(0, show), len(rerouted))] {
		fmt.Fprintln(out, "\n"+one.Words(lang))
	}
	counts := map[string]string{"changes": strconv.Itoa(len(changes)), "rerouted": strconv.Itoa(len(rerouted)),
		"samples": strconv.Itoa(len(samples))}
	_, err := fmt.Fprintln(out, "\n"+i18n.Shipped().Text(lang, "policy.diff.summary", counts))
	return err
}

// policyOf reads a policy from a file, or a published version from the database.
func policyOf(cmd *cobra.Command, name string) (*policy.Policy, error) {
	text, err := os.ReadFile(name)
	id, version, published := strings.Cut(name, "@")
	if err != nil && (!published || !errors.Is(err, os.ErrNotExist)) {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	if err == nil {
		return policy.Parse(name, text)
	}
	n, err := strconv.Atoi(version)
	if err != nil {
		return nil, fmt.Errorf("%s is neither a file nor a version such as expense@3", name)
	}
	p, err := load(cmd, "policy")
	if err != nil {
		return nil, err
	}
	defer p.close()
	s, err := p.store(cmd.Context())
	if err != nil {
		return nil, err
	}
	row, err := s.PolicyVersion(cmd.Context(), "policy", id, n)
	if err != nil {
		return nil, err
	}
	return policy.Parse(name, []byte(row.YAML))
}
