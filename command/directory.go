package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

func directoryCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "directory",
		Short: "Company directories: how they stand, asking them, and letting one go on that was stopped"}
	cmd.AddCommand(directoryStatusCommand(), directoryReleaseCommand(), directoryTokenCommand(),
		directorySyncCommand())
	return cmd
}

func directoryStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say how many people a directory told of, and whether it was stopped", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := load(cmd, "migrate")
			if err != nil {
				return err
			}
			window := p.config.SCIM.Stop.Window
			p.close()
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				d, err := s.Directory(ctx, window)
				if err == nil {
					fmt.Fprint(cmd.OutOrStdout(), directoryWords(d, window, locale(cmd)))
				}
				return err
			})
		},
	}
}

func directoryWords(d store.DirectoryState, window time.Duration, language string) string {
	words := func(key string, args map[string]string) string {
		return i18n.Shipped().Text(language, "directory."+key, args) + "\n"
	}
	text := words("stands", map[string]string{"users": strconv.Itoa(d.Users), "groups": strconv.Itoa(d.Groups),
		"active": strconv.Itoa(d.Active), "left": strconv.Itoa(d.Left), "window": window.String()})
	if !d.Stopped {
		return text + words("goes_on", nil)
	}
	return text + words("stopped", map[string]string{"by": d.Actor, "n": strconv.Itoa(d.Leaving),
		"at": d.StoppedAt.Format(time.RFC3339)})
}

func directoryReleaseCommand() *cobra.Command {
	var leavers int
	var reason string
	cmd := &cobra.Command{
		Use:     "release",
		Short:   "Let a directory go on that was stopped because it took away too many people at once",
		Example: `  countersign org directory release --leavers 40 --reason "the Berlin office closed"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if reason == "" || leavers < 0 {
				return errors.New("--reason says why, for the record; --leavers how many more may leave, from 0")
			}
			return withStore(cmd, func(ctx context.Context, s *store.Store) error {
				if err := s.ReleaseDirectory(ctx, "system:operator", reason, leavers); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), i18n.Shipped().Text(locale(cmd), "directory.released",
					map[string]string{"n": strconv.Itoa(leavers)}))
				return nil
			})
		},
	}
	cmd.Flags().IntVar(&leavers, "leavers", 0, "how many more may leave now, however large a part of the people they are")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the record")
	return cmd
}
