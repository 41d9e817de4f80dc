package process_test

import (
	"bytes"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/process"
)

func TestStop(t *testing.T) {
	for _, tt := range []struct {
		name    string
		script  string
		signals []syscall.Signal
		want    error
	}{
		{"a polite one ends at once", `echo ready; exec sleep 60`, []syscall.Signal{syscall.SIGTERM}, nil},
		{"a stubborn one needs the harder signal", `trap '' TERM; echo ready; while :; do sleep 0.05; done`,
			[]syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, nil},
		{"a stubborn one survives the soft signal", `trap '' TERM; echo ready; while :; do sleep 0.05; done`,
			[]syscall.Signal{syscall.SIGTERM}, process.ErrStillRunning},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ready := process.NewTail(nil)
			cmd := exec.Command("sh", "-c", tt.script)
			cmd.Stdout = ready
			p, err := process.Start(cmd, syscall.SIGKILL)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return ready.String() == "ready" }, time.Minute, 10*time.Millisecond)

			require.ErrorIs(t, p.Stop(200*time.Millisecond, tt.signals...), tt.want)

			require.Equal(t, tt.want != nil, p.Running())
			require.NoError(t, p.Stop(time.Minute, syscall.SIGKILL))
			require.NoError(t, p.Stop(time.Minute, syscall.SIGKILL), "safe to repeat")
			require.Error(t, p.Err(), "a signal is no clean end")
		})
	}
}

func TestStartTellsWhatIsWrong(t *testing.T) {
	_, err := process.Start(exec.Command("/no/such/program"), syscall.SIGKILL)
	require.ErrorContains(t, err, "/no/such/program")
}

func TestTailKeepsTheEnd(t *testing.T) {
	var passedOn bytes.Buffer
	tail := process.NewTail(&passedOn)
	for range 1000 {
		_, err := tail.Write([]byte("a line that is soon forgotten\n"))
		require.NoError(t, err)
	}
	_, err := tail.Write([]byte("the reason\n"))
	require.NoError(t, err)

	require.True(t, strings.HasSuffix(tail.String(), "\nthe reason"))
	require.Equal(t, 20, strings.Count(tail.String(), "\n")+1)
	require.Equal(t, 30*1000+11, passedOn.Len())
	tail.Forget()
	require.Empty(t, tail.String())
}
