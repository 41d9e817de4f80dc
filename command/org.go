package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
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
	var file, people string
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make the organisation what a file says, as its next version, and show who joins, changes and leaves",
		Example: `  countersign org import --file company.yaml --dry-run
  countersign org import --file company.yaml
  countersign org import --people people.csv --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := os.ReadFile(file + people)
			if err != nil {
				return fmt.Errorf("the file to import: %w", err)
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				company, err := readImport(ctx, s, text, people != "")
				if err != nil {
					return fmt.Errorf("%s: %w", file+people, err)
				}
				printed, err := importCompany(ctx, s, company, "import:"+filepath.Base(file+people), dryRun, locale(cmd))
				fmt.Fprint(cmd.OutOrStdout(), printed)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "company file, such as config/demo/company.yaml: the whole organisation")
	cmd.Flags().StringVar(&people, "people", "",
		"table of people (CSV) to add or change; everybody else stays. Columns: docs/identity.md")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show who joins, changes and leaves, and write nothing")
	cmd.MarkFlagsOneRequired("file", "people")
	cmd.MarkFlagsMutuallyExclusive("file", "people")
	return cmd
}

// readImport reads a company file, or a table of people into the organisation in force.
func readImport(ctx context.Context, s *store.Store, text []byte, table bool) (org.Snapshot, error) {
	if !table {
		return config.ReadCompany(text)
	}
	now, err := s.Snapshot(ctx, 0)
	if err != nil {
		return org.Snapshot{}, err
	}
	read := org.ReadTable(text, now)
	return read.Next, read.Err()
}

// importCompany saves an organisation and answers with the words for what changes.
func importCompany(ctx context.Context, s *store.Store, next org.Snapshot, cause string, dryRun bool, language string,
) (string, error) {
	before, err := organisationNow(ctx, s)
	if err != nil {
		return "", err
	}
	next = next.Remembering(before)
	next, err = s.WithDirectory(ctx, next)
	if err != nil {
		return "", err
	}
	if access.Administered(before) && !access.Administered(&next) {
		return "", errors.New(i18n.Shipped().Text(language, "handover.no_administrator", nil))
	}
	words := func(key string, args map[string]string) string {
		return i18n.Shipped().Text(language, "handover."+key, args) + "\n"
	}
	var b strings.Builder
	for _, d := range org.Differences(before, &next) {
		args := map[string]string{"person": nameOf(&next, d.Person), "changes": changesIn(d.Fields)}
		if d.What == org.Leaves {
			left, err := s.Belongings(ctx, d.Person)
			if err != nil {
				return b.String(), err
			}
			args["person"] = nameOf(before, d.Person)
			args["n"], args["documents"] = strconv.Itoa(left.Total), strconv.Itoa(len(left.Submitted))
		}
		b.WriteString(words(d.What, args))
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

// changesIn says what is told otherwise: the field, what was, what is.
func changesIn(fields []org.FieldChange) string {
	var changed []string
	for _, f := range fields {
		changed = append(changed, f.Name+" "+f.Was+" → "+f.Is)
	}
	return strings.Join(changed, "; ")
}

// organisationNow is the organisation in force, empty where there is none yet.
func organisationNow(ctx context.Context, s *store.Store) (*org.Snapshot, error) {
	now, err := s.Snapshot(ctx, 0)
	if fault.CodeOf(err) == "organisation.none" {
		return &org.Snapshot{}, nil
	}
	return now, err
}
