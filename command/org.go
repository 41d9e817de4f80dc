package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

func orgCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "org", Short: "The organisation: who works here, and who answers to whom"}
	cmd.AddCommand(orgImportCommand(), directoryCommand())
	return cmd
}

func orgImportCommand() *cobra.Command {
	var file string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make the organisation what a company file says, as its next version, and show who joins and leaves",
		Example: `  countersign org import --file company.yaml --dry-run
  countersign org import --file company.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("--file: %w", err)
			}
			company, err := config.ReadCompany(text)
			if err != nil {
				return fmt.Errorf("--file %s: %w", file, err)
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				printed, err := importCompany(ctx, s, company, "import:"+filepath.Base(file), dryRun, locale(cmd))
				fmt.Fprint(cmd.OutOrStdout(), printed)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "company file, such as config/demo/company.yaml: the whole organisation")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show who joins and leaves, and write nothing")
	_ = cmd.MarkFlagRequired("file")
	return cmd
}

// importCompany saves an organisation and answers with the words for what changes.
func importCompany(ctx context.Context, s *store.Store, next org.Snapshot, cause string, dryRun bool, language string,
) (string, error) {
	before, err := s.Snapshot(ctx, 0)
	if fault.CodeOf(err) == "organisation.none" {
		before, err = &org.Snapshot{}, nil
	}
	if err != nil {
		return "", err
	}
	words := func(key string, args map[string]string) string {
		return i18n.Shipped().Text(language, "handover."+key, args) + "\n"
	}
	var b strings.Builder
	for _, id := range activeOnly(&next, before) {
		b.WriteString(words("joins", map[string]string{"person": nameOf(&next, id)}))
	}
	for _, id := range activeOnly(before, &next) {
		left, err := s.Belongings(ctx, id)
		if err != nil {
			return b.String(), err
		}
		b.WriteString(words("leaves", map[string]string{
			"person": nameOf(before, id), "n": strconv.Itoa(left.Total), "documents": strconv.Itoa(len(left.Submitted)),
		}))
	}
	if dryRun {
		return b.String() + words("dry_run", nil), nil
	}
	version, err := s.ReplaceOrganisation(ctx, next, cause)
	if err != nil {
		return b.String(), err
	}
	return b.String() + words("saved", map[string]string{"version": strconv.FormatInt(version, 10)}), nil
}

// activeOnly lists who is active in one organisation and not in the other, sorted.
func activeOnly(in, other *org.Snapshot) []string {
	var ids []string
	for id, p := range in.People {
		if p.Active && !other.Active(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
