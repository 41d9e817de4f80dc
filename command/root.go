// Package command is the program's face on the command line; it wires the
// rooms together and holds no rules.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/i18n"
)

// Version is the program's version; releases set it at link time.
var Version = "dev"

// Run runs the command line and returns the exit status.
func Run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := New()
	stopProfile, err := startProfile()
	if err != nil {
		tell(root.ErrOrStderr(), err, i18n.English)
		return 1
	}
	defer stopProfile()
	if err := root.ExecuteContext(ctx); err != nil {
		tell(root.ErrOrStderr(), err, locale(root))
		return 1
	}
	return 0
}

// New builds the whole command tree.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:           "countersign",
		Short:         "Durable approval and payment for corporate finance 会签",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("config", "", "configuration file (YAML)")
	root.PersistentFlags().String("lang", "",
		"language of what is printed, zh-CN or en (default from LANG); also --locale")
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "locale" {
			name = "lang"
		}
		return pflag.NormalizedName(name)
	})
	root.AddCommand(devCommand(), tryCommand(), gatewayCommand(), workerCommand(), relayCommand(), allCommand(),
		codecCommand(), migrateCommand(), prepareCommand(), findTemporalCommand(), findTrytonCommand(),
		policyCommand(), calendarCommand(), orgCommand(), directoryCommand(),
		accessCommand(), opsCommand(), erpCommand(), inboundCommand(), auditCommand(), benchCommand(),
		versionCommand())
	return root
}

// locale is the language of the terminal's user: --lang, else LANG.
func locale(cmd *cobra.Command) string {
	if asked, err := cmd.Root().PersistentFlags().GetString("lang"); err == nil && asked != "" {
		if known, ok := i18n.Known(asked); ok {
			return known
		}
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		tag, _, _ := strings.Cut(os.Getenv(name), ".")
		if known, ok := i18n.Known(strings.ReplaceAll(tag, "_", "-")); ok {
			return known
		}
	}
	return i18n.English
}

// tell prints an error: faults in words, the rest as they are.
func tell(out io.Writer, err error, locale string) {
	f, ok := fault.As(err)
	if !ok {
		fmt.Fprintln(out, "countersign:", err)
		return
	}
	for _, one := range append([]*fault.Fault{f}, f.More...) {
		fmt.Fprintln(out, "countersign:", words(one, locale))
	}
	if !errors.Is(err, f) || err.Error() != f.Error() {
		fmt.Fprintln(out, "  ", err)
	}
}

// words is the text of a fault, with its field and code.
func words(f *fault.Fault, locale string) string {
	text := i18n.Shipped().Text(locale, "fault."+f.Code, f.Args)
	if f.Field != "" {
		text = f.Field + ": " + text
	}
	return text + " (" + f.Code + ")"
}
