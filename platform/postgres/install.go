package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const (
	clusterConfigDir  = "/etc/postgresql-common"
	clusterConfig     = clusterConfigDir + "/createcluster.conf"
	noSystemCluster   = "create_main_cluster = false"
	aptAnswerNothing  = "DEBIAN_FRONTEND=noninteractive"
	keepOurConfigFile = "UCF_FORCE_CONFFOLD=1"
)

// Install makes the PostgreSQL programs available if they are not: on Debian and Ubuntu it installs the package, as
// root or through sudo if that asks no password, and says so.
//
// Safe to repeat. Errors: *MissingError where it cannot install; its text says what to install by hand.
func Install(ctx context.Context, out io.Writer) error {
	_, missing := findPrograms()
	if missing == nil {
		return nil
	}
	if os.Getenv(binVariable) != "" {
		return missing // somebody said where they are: the mistake is there
	}
	root, ok := rootPrefix(ctx)
	if _, err := exec.LookPath("apt-get"); err != nil || !ok {
		return missing
	}
	fmt.Fprintln(out, "PostgreSQL is not installed: installing the package postgresql with apt-get.")
	fmt.Fprintf(out, "No system-wide server will be started (%s in %s).\n", noSystemCluster, clusterConfig)
	for _, step := range [][]string{
		// The package would start a server of its own on port 5432, which nobody here asked for.
		{"sh", "-c", fmt.Sprintf("mkdir -p %s && { grep -qs '^create_main_cluster' %s || echo '%s' >> %s; }",
			clusterConfigDir, clusterConfig, noSystemCluster, clusterConfig)},
		{"apt-get", "update", "-q"},
		{"env", aptAnswerNothing, keepOurConfigFile,
			"apt-get", "install", "-y", "-q", "--no-install-recommends", "postgresql"},
	} {
		if err := runStep(ctx, out, slices.Concat(root, step)); err != nil {
			return errors.Join(err, missing)
		}
	}
	_, err := findPrograms()
	return err
}

// rootPrefix is what to put before a command that needs root.
func rootPrefix(ctx context.Context) ([]string, bool) {
	if os.Geteuid() == 0 {
		return nil, true
	}
	if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
		return nil, false
	}
	return []string{"sudo", "-n"}, true
}

func runStep(ctx context.Context, out io.Writer, step []string) error {
	fmt.Fprintln(out, "+", strings.Join(step, " "))
	cmd := exec.CommandContext(ctx, step[0], step[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(step, " "), err)
	}
	return nil
}
