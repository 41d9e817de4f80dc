// Package droptest holds every provider to the promises of drop.Place.
package droptest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/domain/fault"
)

// Run plays every promise on an empty place. Leave leaves a file as another system would,
// at a path inside the place.
func Run(t *testing.T, p drop.Place, leave func(path, content string)) {
	t.Helper()
	ctx := t.Context()
	names := func(room drop.Room) []string {
		files, err := p.List(ctx, room)
		require.NoError(t, err)
		list := []string{}
		for _, f := range files {
			list = append(list, f.Name)
		}
		return list
	}
	t.Run("a file goes from room to room", func(t *testing.T) {
		leave("b 订单.csv", "two")
		leave("a.csv", "one")
		leave(".hidden", "no")
		leave("inner/c.csv", "no")
		require.Equal(t, []string{"a.csv", "b 订单.csv"}, names(drop.Incoming))
		files, err := p.List(ctx, drop.Incoming)
		require.NoError(t, err)
		require.EqualValues(t, 3, files[0].Size)
		require.WithinDuration(t, time.Now(), files[0].Modified, time.Hour)
		text, err := p.Read(ctx, drop.Incoming, "b 订单.csv", 3)
		require.NoError(t, err)
		require.Equal(t, "two", string(text))
		_, err = p.Read(ctx, drop.Incoming, "a.csv", 2)
		require.Equal(t, "drop.too_large", fault.CodeOf(err))
		require.NoError(t, p.Move(ctx, drop.Incoming, "a.csv", drop.Working, "1-a.csv"))
		require.Equal(t, "drop.not_found", fault.CodeOf(p.Move(ctx, drop.Incoming, "a.csv", drop.Working, "2-a.csv")))
		require.Equal(t, []string{"1-a.csv"}, names(drop.Working))
		require.NoError(t, p.Move(ctx, drop.Working, "1-a.csv", drop.Done, "1-a.csv"))
		require.Equal(t, []string{"b 订单.csv"}, names(drop.Incoming))
		require.Equal(t, []string{"1-a.csv"}, names(drop.Done))
	})
	t.Run("what is written is whole, and never over another", func(t *testing.T) {
		large := strings.Repeat("x", 1<<20)
		require.NoError(t, p.Write(ctx, drop.Done, "result.csv", []byte(large)))
		require.Equal(t, "drop.exists", fault.CodeOf(p.Write(ctx, drop.Done, "result.csv", []byte("other"))))
		text, err := p.Read(ctx, drop.Done, "result.csv", 1<<20)
		require.NoError(t, err)
		require.Equal(t, large, string(text))
		require.Equal(t, []string{"1-a.csv", "result.csv"}, names(drop.Done))
	})
	t.Run("a name is no path", func(t *testing.T) {
		leave("inner/secret", "no")
		for _, name := range []string{"", ".", "..", "../x", "inner/secret", `inner\secret`, "/etc/passwd", "a\nb", ".x"} {
			_, err := p.Read(ctx, drop.Incoming, name, 10)
			require.ErrorIs(t, err, drop.ErrBadName, name)
			require.ErrorIs(t, p.Write(ctx, drop.Done, name, nil), drop.ErrBadName, name)
			require.ErrorIs(t, p.Move(ctx, drop.Incoming, name, drop.Done, "x"), drop.ErrBadName, name)
			require.ErrorIs(t, p.Move(ctx, drop.Done, "result.csv", drop.Done, name), drop.ErrBadName, name)
		}
		_, err := p.Read(ctx, drop.Incoming, "nothing", 10)
		require.Equal(t, "drop.not_found", fault.CodeOf(err))
	})
}
