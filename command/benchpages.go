package command

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/bench"
)

// What every page must keep, on a first visit.
const (
	pageSlowestMost = 50 * time.Millisecond
	pageBytesMost   = 100 << 10
)

func benchPagesCommand() *cobra.Command {
	o := bench.PagesOptions{SlowestMost: pageSlowestMost, BytesMost: pageBytesMost}
	cmd := &cobra.Command{
		Use:   "pages",
		Short: "Measure every page of a running development gateway: time to answer, bytes of a first visit",
		Long: `Sign in as people of different roles at a running development gateway, open every page that links lead to,
and print how long each took (p50, p99) and how many bytes a first visit takes, compressed. Ends with an error
where a page is above the goal: p99 of 50 ms, 100 KiB. To measure over a large store, run bench seed before.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out = cmd.OutOrStdout()
			var bar *progress
			o.Progress = func(done, of int) {
				if bar == nil {
					bar = newProgress(cmd.ErrOrStderr(), of)
				}
				bar.show(done)
			}
			return bench.RunPages(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.URL, "url", "http://127.0.0.1:8080", "address of the gateway")
	cmd.Flags().StringSliceVar(&o.People, "people", []string{"lin", "wang", "zhao", "liu", "admin", "audit"},
		"accounts to sign in as")
	cmd.Flags().IntVar(&o.Requests, "requests", 100, "requests of each page")
	cmd.Flags().IntVar(&o.Process, "process", 0, "tell the CPU time of this process and of what it started")
	return cmd
}
