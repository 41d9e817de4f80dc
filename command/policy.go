package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Check, compare, explain, propose and publish policies"}
	cmd.PersistentFlags().String("company", "", "organisation file (default: the demo company)")
	cmd.AddCommand(policyCheckCommand(), policyRouteCommand(), policyDiffCommand())
	cmd.AddCommand(policySimulateCommand())
	cmd.AddCommand(policyProposeCommand(), policyProposalsCommand(), policyApproveCommand(), policyRefuseCommand(),
		policyReplanCommand())
	return cmd
}

func policyRouteCommand() *cobra.Command {
	var policyFile, contentFile string
	var besideFiles []string
	cmd := &cobra.Command{
		Use:     "route",
		Short:   "Print the plan a document would get, and why",
		Example: "  countersign policy route --policy config/policies/expense.yaml --document document.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			company, err := companyOf(cmd)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(policyFile)
			if err != nil {
				return fmt.Errorf("reading --policy: %w", err)
			}
			parsed, err := policy.Parse(policyFile, text)
			if err != nil {
				return err
			}
			content, err := readContent(contentFile, company)
			if err != nil {
				return err
			}
			others, err := readBeside(besideFiles, company)
			if err != nil {
				return err
			}
			plan, remarks, err := policy.Trace(policy.RouteInput{Policy: parsed, Version: 1, Content: content, Org: company,
				Round: 1, Document: "preview", Rates: demoRate, Beside: others})
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), policy.Explain(plan, remarks, locale(cmd)))
			return err
		},
	}
	cmd.Flags().StringVar(&policyFile, "policy", "config/policies/expense.yaml", "policy file")
	cmd.Flags().StringVar(&contentFile, "document", "",
		"document as JSON, as POST /api/v1/documents takes it, and its submitter; - for standard input")
	cmd.Flags().StringArrayVar(&besideFiles, "beside", nil,
		"another document asked for within the days of the policy's aggregate; may be repeated")
	_ = cmd.MarkFlagRequired("document")
	return cmd
}

// readBeside reads the other documents that a route may count.
func readBeside(files []string, company *org.Snapshot) (func(approval.CountKey) (approval.Beside, error), error) {
	var others []document.Content
	for _, file := range files {
		content, err := readContent(file, company)
		if err != nil {
			return nil, fmt.Errorf("--beside %s: %w", file, err)
		}
		others = append(others, content)
	}
	return func(key approval.CountKey) (approval.Beside, error) { return policy.Sharing(key, others) }, nil
}

// trialDocument is a document that nobody submits: the body of POST /documents,
// and who would send it.
type trialDocument struct {
	desk.Form
	Submitter string `json:"submitter"` // the requester where left out
}

// readContent reads a document's content and completes it as a submission would.
func readContent(file string, company *org.Snapshot) (document.Content, error) {
	in := io.Reader(os.Stdin)
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return document.Content{}, fmt.Errorf("reading --document: %w", err)
		}
		defer func() { _ = opened.Close() }()
		in = opened
	}
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	var trial trialDocument
	if err := decoder.Decode(&trial); err != nil {
		return document.Content{}, fmt.Errorf("--document: %w", err)
	}
	content, err := trial.Content()
	if err != nil {
		return document.Content{}, err
	}
	submitter := cmp.Or(trial.Submitter, trial.Requester)
	if submitter == "" {
		return document.Content{}, fmt.Errorf("--document: say who asks, such as \"requester\": \"lin\"")
	}
	content = desk.Filled(content, submitter, company)
	types, err := shippedTypes()
	if err != nil {
		return document.Content{}, err
	}
	t := types[content.Type]
	if t == nil {
		return document.Content{}, fmt.Errorf("--document: type %q is not known", content.Type)
	}
	return doctype.Complete(t, content, company, func(from, to money.Currency) (document.Rate, bool) {
		for _, r := range demoRates {
			if r.Currency == from && r.Base == to {
				return r, true
			}
		}
		return document.Rate{}, false
	})
}

func demoRate(from, to money.Currency) (string, bool) {
	for _, r := range demoRates {
		if r.Currency == from && r.Base == to {
			return r.Value, true
		}
	}
	return "", false
}

func companyOf(cmd *cobra.Command) (*org.Snapshot, error) {
	file, err := cmd.Flags().GetString("company")
	if err != nil {
		return nil, fmt.Errorf("--company: %w", err)
	}
	if file == "" {
		company, err := config.DemoCompany()
		return &company, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading --company: %w", err)
	}
	company, err := config.ReadCompany(text)
	return &company, err
}

func shippedTypes() (policy.Types, error) {
	types := policy.Types{}
	entries, err := config.Shipped.ReadDir("types")
	if err != nil {
		return nil, fmt.Errorf("listing shipped types: %w", err)
	}
	var failed []error
	for _, entry := range entries {
		text, err := config.Shipped.ReadFile("types/" + entry.Name())
		if err != nil {
			return nil, err
		}
		t, err := doctype.Parse(entry.Name(), text)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		types[t.ID] = t
	}
	return types, errors.Join(failed...)
}
