package command

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/countersign/countersign/platform/temporal"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/workflows"
)

const (
	retention      = 90 * 24 * time.Hour // the record is ours; Temporal keeps runs for operators to read
	namespaceReady = 60 * time.Second
)

func migrateCommand() *cobra.Command {
	var create, demo, skipTemporal bool
	var company string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database, the shipped policies and Temporal's namespace up to date; safe to repeat",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "migrate")
			if err != nil {
				return err
			}
			defer p.close()
			if create {
				if err := createDatabase(cmd.Context(), p.config.Database.URL.Reveal()); err != nil {
					return err
				}
			}
			if err := p.migrate(cmd.Context(), demo); err != nil {
				return err
			}
			if err := p.replaceCompany(cmd.Context(), company); err != nil {
				return err
			}
			if skipTemporal {
				return nil
			}
			return p.prepareTemporal(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&create, "create", false, "create the database first where there is none")
	cmd.Flags().BoolVar(&demo, "demo", false, "put the demo company in (an empty organisation only)")
	cmd.Flags().StringVar(&company, "company", "",
		"make the organisation what this file says, such as config/demo/company.yaml")
	cmd.Flags().BoolVar(&skipTemporal, "skip-temporal", false, "leave Temporal's namespace alone")
	cmd.AddCommand(rolesCommand())
	return cmd
}

func rolesCommand() *cobra.Command {
	var password []string
	cmd := &cobra.Command{
		Use:   "roles",
		Short: "Create the least-privilege database roles and print their addresses once; safe to repeat",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "migrate")
			if err != nil {
				return err
			}
			given, err := passwords(password)
			if err != nil {
				return err
			}
			addresses, err := makeRoles(cmd.Context(), p.config.Database.URL.Reveal(), given)
			if err != nil {
				return err
			}
			for _, role := range sortedKeys(addresses) {
				fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\n", role, addresses[role])
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&password, "password", nil, "role=password to set one; others are generated")
	return cmd
}

// createDatabase makes the database that the address names.
func createDatabase(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("database.url is no postgres:// URL")
	}
	name := u.Path[min(1, len(u.Path)):]
	u.Path = "/postgres"
	return store.CreateDatabase(ctx, u.String(), name)
}

// migrate brings the schema and what ships with the program up to date.
func (p *parts) migrate(ctx context.Context, demo bool) error {
	if err := store.Migrate(ctx, p.config.Database.URL.Reveal()); err != nil {
		return fmt.Errorf("migrating the database: %w", err)
	}
	s, err := p.store(ctx)
	if err != nil {
		return err
	}
	if err := p.publishKeys(ctx, s); err != nil {
		return err
	}
	if err := publishShipped(ctx, s); err != nil {
		return err
	}
	if demo {
		return seedDemo(ctx, s)
	}
	return nil
}

// prepareTemporal registers the namespace and the search attributes.
func (p *parts) prepareTemporal(ctx context.Context) error {
	c, err := p.dial(ctx)
	if err != nil {
		return err
	}
	namespace := p.config.Temporal.Namespace
	if err := registerNamespace(ctx, c, namespace); err != nil {
		return err
	}
	if err := temporal.RegisterSearchAttributes(ctx, c, namespace, workflows.SearchAttributes()); err != nil {
		return fmt.Errorf("registering search attributes: %w", err)
	}
	return nil
}

// registerNamespace makes the namespace and waits until it can be used; the
// server's caches learn of a new one only after a while.
func registerNamespace(ctx context.Context, c client.Client, name string) error {
	service := c.WorkflowService()
	_, err := service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: name, WorkflowExecutionRetentionPeriod: durationpb.New(retention)})
	var exists *serviceerror.NamespaceAlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("registering the namespace %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, namespaceReady)
	defer cancel()
	for {
		_, err := service.ListOpenWorkflowExecutions(ctx, &workflowservice.ListOpenWorkflowExecutionsRequest{
			Namespace: name, MaximumPageSize: 1})
		var missing *serviceerror.NamespaceNotFound
		if !errors.As(err, &missing) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the namespace %s: %w", name, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}
