package log_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/log"
)

func TestSecretsAndForgedLinesStayOut(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		logger, err := log.New(&out, log.Options{Format: format})
		require.NoError(t, err)
		logger.Info("signed in", "access_token", "hunter2", "person", "li\nlevel=ERROR forged")
		logger.Debug("not shown")
		require.NotContains(t, out.String(), "hunter2")
		require.Equal(t, 1, strings.Count(out.String(), "\n"))
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	_, err := log.New(&bytes.Buffer{}, log.Options{Level: "loud"})
	require.Error(t, err)
	_, err = log.New(&bytes.Buffer{}, log.Options{Format: "xml"})
	require.Error(t, err)
}
