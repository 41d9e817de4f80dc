package command

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
)

func policyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE...",
		Short:   "Say everything that is wrong with policies, and prove the rest over the organisation",
		Example: "  countersign policy check config/policies/expense.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			company, err := companyOf(cmd)
			if err != nil {
				return err
			}
			ground, err := shippedGround(company)
			if err != nil {
				return err
			}
			bad := 0
			for _, file := range files {
				n, err := checkFile(cmd, file, ground)
				if err != nil {
					return err
				}
				bad += n
			}
			if bad > 0 {
				return fmt.Errorf("%d error(s); not fit to be published", bad)
			}
			return nil
		},
	}
}

// checkFile prints the findings of one file and counts the errors.
func checkFile(cmd *cobra.Command, file string, ground policy.Ground) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("reading the policy: %w", err)
	}
	out, lang := cmd.OutOrStdout(), locale(cmd)
	parsed, err := policy.Parse(file, text)
	if f, ok := fault.As(err); ok {
		for _, one := range append([]*fault.Fault{f}, f.More...) {
			printFinding(out, policy.LevelError, one, file, lang)
		}
		return 1 + len(f.More), nil
	}
	if err != nil {
		return 0, err
	}
	proof, bad := policy.Prove(parsed, ground), 0
	for _, finding := range proof.Findings {
		printFinding(out, finding.Level, finding.Fault, file, lang)
		if finding.Example != nil {
			fmt.Fprintf(out, "    %s\n", strings.ReplaceAll(finding.Example.Words(lang), "\n", "\n    "))
		}
		if finding.Level == policy.LevelError {
			bad++
		}
	}
	if proof.Aggregate != nil {
		fmt.Fprintf(out, "%s: %s\n", file, proof.Aggregate.Words(lang))
	}
	for _, claim := range proof.Claims {
		fmt.Fprintf(out, "%s: %s\n", file, claim.Words(lang))
	}
	if bad == 0 {
		fmt.Fprintf(out, "%s: ok\n", file)
	}
	return bad, nil
}

func printFinding(out io.Writer, level policy.Level, f *fault.Fault, file, lang string) {
	at := file + ": "
	if f.Args["line"] != "" {
		at = "" // its text begins with file, line and column
	}
	fmt.Fprintf(out, "%s%s: %s\n", at, level, words(f, lang))
}

// shippedGround is the types and mappings that ship, over an organisation.
func shippedGround(company *org.Snapshot) (policy.Ground, error) {
	types, err := shippedTypes()
	if err != nil {
		return policy.Ground{}, err
	}
	ground := policy.Ground{Types: types, Mappings: map[string]*booking.Mapping{}, Org: company}
	entries, err := config.Shipped.ReadDir("mappings")
	if err != nil {
		return policy.Ground{}, fmt.Errorf("listing shipped mappings: %w", err)
	}
	for _, entry := range entries {
		text, err := config.Shipped.ReadFile("mappings/" + entry.Name())
		if err != nil {
			return policy.Ground{}, fmt.Errorf("reading a shipped mapping: %w", err)
		}
		m, err := booking.Parse(entry.Name(), text)
		if err != nil {
			return policy.Ground{}, err
		}
		ground.Mappings[m.ID] = m
	}
	return ground, nil
}
