package command

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// probeTimeout bounds a health probe.
const probeTimeout = 4 * time.Second

func versionCommand() *cobra.Command {
	var probe string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, or probe a running process for its container's health check",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if probe != "" {
				return probeURL(cmd.Context(), probe)
			}
			build, _ := debug.ReadBuildInfo()
			goVersion := ""
			if build != nil {
				goVersion = build.GoVersion
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "countersign %s (%s)\n", Version, goVersion)
			return err
		},
	}
	cmd.Flags().StringVar(&probe, "probe", "", "URL that must answer 200, such as http://127.0.0.1:8080/healthz")
	return cmd
}

func probeURL(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("probing %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("probing %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("probing %s: %s", url, response.Status)
	}
	return nil
}
