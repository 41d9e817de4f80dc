package tests

import (
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// TestComposeFile holds docker-compose.yml to the compose schema and to what
// the README promises of it: health checks, nothing open to the network, no
// password that everybody knows.
func TestComposeFile(t *testing.T) {
	secrets := []string{"POSTGRES_PASSWORD=generated", "COUNTERSIGN_SIGNING_KEY_ID=k1",
		"COUNTERSIGN_SIGNING_PRIVATE_KEY=generated"}
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithEnv(secrets))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)

	for _, name := range []string{"postgres", "temporal", "temporal-ui", "migrate", "gateway", "worker", "relay"} {
		require.Contains(t, project.Services, name)
	}
	for name, service := range project.Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s opens port %s to the network", name, port.Published)
		}
		if service.Restart == types.RestartPolicyUnlessStopped && name != "temporal-ui" {
			require.NotNil(t, service.HealthCheck, "%s runs for ever without a health check", name)
		}
	}
	for _, name := range []string{"gateway", "worker", "relay"} {
		require.Contains(t, project.Services[name].DependsOn, "migrate")
	}
	require.Contains(t, project.Volumes, "postgres")
}

// TestComposeFileHasNoDefaultPassword proves that it refuses to start on
// passwords that nobody chose.
func TestComposeFileHasNoDefaultPassword(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithEnv(nil))
	require.NoError(t, err)
	_, err = options.LoadProject(t.Context())
	require.ErrorContains(t, err, "deploy/compose/init.sh")
}
