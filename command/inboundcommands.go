package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy/inbound"
	"github.com/countersign/countersign/store"
)

func inboundCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "inbound", Short: "Systems that start documents: check, try, see what came"}
	cmd.AddCommand(inboundCheckCommand(), inboundTryCommand(), inboundListCommand(), inboundAgainCommand(),
		inboundTokenCommand())
	return cmd
}

// withInbound runs something with the sources of the configuration and a desk to ask.
func withInbound(cmd *cobra.Command, run func(ctx context.Context, d *desk.Desk) error) error {
	p, err := load(cmd, "inbound")
	if err != nil {
		return err
	}
	defer p.close()
	s, err := p.store(cmd.Context())
	if err != nil {
		return err
	}
	sources, err := p.inboundSources()
	if err != nil {
		return err
	}
	return run(cmd.Context(), &desk.Desk{Store: s, Inbound: sources})
}

func inboundCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the configured sources, their mappings and their accounts",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withInbound(cmd, func(ctx context.Context, d *desk.Desk) error {
				wrong := 0
				for _, id := range sortedKeys(d.Inbound) {
					found, err := d.CheckInbound(ctx, d.Inbound[id])
					if err != nil {
						return err
					}
					wrong += len(found)
					for _, f := range found {
						fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", id, words(f, locale(cmd)))
					}
					if len(found) == 0 {
						fmt.Fprintf(cmd.OutOrStdout(), "%s: ok (%s, %s)\n", id, d.Inbound[id].Kind, d.Inbound[id].Mapping.ID)
					}
				}
				if wrong > 0 {
					return fmt.Errorf("%d findings", wrong)
				}
				return nil
			})
		},
	}
}

func inboundTryCommand() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "try FILE",
		Short: "Print the document that a message would become, or why it would be refused; writes nothing",
		Long: "Print the document that a message would become, or why it would be refused. FILE holds the JSON that the\n" +
			"source sends; - reads it from the standard input. Nothing is written.",
		Example: "  countersign inbound try contract.json --source crm --config .countersign/config.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := readMessage(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return withInbound(cmd, func(ctx context.Context, d *desk.Desk) error {
				source, ok := d.Inbound[from]
				if !ok {
					return fmt.Errorf("--source %q: there are %s", from, strings.Join(sortedKeys(d.Inbound), ", "))
				}
				content, in, err := d.TryInbound(ctx, source, body)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s %s\n", in.Origin.Source, in.Origin.Reference)
				if in.State == store.InboundIgnored {
					fmt.Fprintln(cmd.OutOrStdout(), i18n.Shipped().Text(locale(cmd), "inbound.try.ignored", nil))
					return nil
				}
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				return out.Encode(content)
			})
		},
	}
	cmd.Flags().StringVar(&from, "source", "", "id of the source")
	_ = cmd.MarkFlagRequired("source")
	return cmd
}

func readMessage(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, inbound.BytesMax+1))
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // nothing was written
	return io.ReadAll(io.LimitReader(file, inbound.BytesMax+1))
}

func inboundListCommand() *cobra.Command {
	var filter store.InboundFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what other systems sent, the newest first, with why it was refused",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withInbound(cmd, func(ctx context.Context, d *desk.Desk) error {
				page, err := d.Store.Inbounds(ctx, access.Scope{All: true}, filter)
				if err != nil {
					return err
				}
				for _, m := range page.Items {
					what := m.Number
					if m.Fault != nil {
						what = words(m.Fault, locale(cmd))
					}
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\t%s\t%s\n", m.ID, m.Origin.Source, m.Origin.Reference, m.State, what)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&filter.Source, "source", "", "of this source only")
	cmd.Flags().StringVar(&filter.State, "state", "", "received, submitted, refused or ignored only")
	cmd.Flags().IntVar(&filter.Limit, "limit", store.PageMost, "how many")
	return cmd
}

func inboundAgainCommand() *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:     "again ID",
		Short:   "Try a refused message again, after its cause was mended",
		Example: "  countersign inbound again 0198… --person admin --config .countersign/config.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withInbound(cmd, func(ctx context.Context, d *desk.Desk) error {
				people, err := d.Snapshot(ctx)
				if err != nil {
					return err
				}
				who := auth.Who{Person: people.People[person], Subject: access.SubjectOf(people, person)}
				if !people.Active(person) {
					return fault.New(fault.NotFound, "person.not_found")
				}
				_, err = d.RuleInbound(ctx, who, store.InboundRuling{ID: args[0]})
				return err
			})
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "in whose name; somebody of finance or an administrator")
	_ = cmd.MarkFlagRequired("person")
	return cmd
}

// inboundTokenDays is how long a source's token lives where nothing is said.
const inboundTokenDays = 180

func inboundTokenCommand() *cobra.Command {
	var from string
	var days int
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Make the token by which a source calls the API, good for that source alone, and print it once",
		Example: "  countersign inbound token --source crm --config .countersign/config.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			life := time.Duration(days) * 24 * time.Hour
			if life <= 0 || life > desk.TokenLifeMax {
				return fmt.Errorf("--days takes 1 to %d", int(desk.TokenLifeMax.Hours()/24))
			}
			return withInbound(cmd, func(ctx context.Context, d *desk.Desk) error {
				source, ok := d.Inbound[from]
				if !ok {
					return errors.New("--source names none of inbound.sources")
				}
				people, err := d.Snapshot(ctx)
				if err != nil {
					return err
				}
				if !people.Active(source.Account) {
					return fault.New(fault.Forbidden, "inbound.no_account", fault.Arg("account", source.Account))
				}
				token, hash := auth.NewToken()
				_, err = d.Store.CreateToken(ctx, store.Token{Hash: hash, Person: source.Account, Name: "inbound:" + from,
					Scopes: []string{access.ForSource(access.InboundSend, from)}, ExpiresAt: time.Now().Add(life).UTC()})
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), token)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&from, "source", "", "id of the source")
	cmd.Flags().IntVar(&days, "days", inboundTokenDays, "how long it lives")
	_ = cmd.MarkFlagRequired("source")
	return cmd
}
