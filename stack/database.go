package stack

import (
	"context"
	"fmt"
	"net/url"

	"github.com/countersign/countersign/store"
)

// createDatabase makes the product's database where there is none.
func (s *Stack) createDatabase(ctx context.Context) error {
	if err := store.CreateDatabase(ctx, s.databaseURL("postgres"), Database); err != nil {
		return fmt.Errorf("creating the database: %w", err)
	}
	return nil
}

func (s *Stack) databaseURL(name string) string {
	if s.Postgres != nil {
		return s.Postgres.URL(name)
	}
	given, err := url.Parse(s.Options.PostgresURL)
	if err != nil {
		return s.Options.PostgresURL // opening it says what is wrong
	}
	given.Path = "/" + name
	return given.String()
}
