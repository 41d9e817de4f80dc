package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	return config.ReadPeople(text, *now)
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
	for _, id := range slices.Sorted(maps.Keys(next.People)) {
		if changed := changesOf(before.People[id], next.People[id]); changed != "" && before.Active(id) && next.Active(id) {
			b.WriteString(words("changes", map[string]string{"person": nameOf(&next, id), "changes": changed}))
		}
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

// changesOf says what is told otherwise of somebody: the field, what was, what is.
func changesOf(was, is org.Person) string {
	var changed []string
	for _, f := range []struct{ name, was, is string }{
		{"name", was.Name, is.Name}, {"email", was.Email, is.Email}, {"locale", was.Locale, is.Locale},
		{"entity", was.Entity, is.Entity}, {"department", was.Department, is.Department},
		{"cost_center", was.CostCenter, is.CostCenter}, {"manager", was.Manager, is.Manager},
		{"grade", strconv.Itoa(was.Grade), strconv.Itoa(is.Grade)}, {"subject", was.Subject, is.Subject},
		{"aliases", strings.Join(was.Aliases, "+"), strings.Join(is.Aliases, "+")},
	} {
		if f.was != f.is {
			changed = append(changed, f.name+" "+f.was+" → "+f.is)
		}
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
