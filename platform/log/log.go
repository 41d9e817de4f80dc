// Package log makes the process's logger: structured, on standard error, with
// the names of secrets struck out.
package log

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Options say how to log.
type Options struct {
	Level  string // debug, info, warn or error; "" = info
	Format string // json or text; "" = text
}

// struckOut are the parts of attribute names whose values are never written.
var struckOut = []string{"password", "secret", "token", "api_key", "apikey", "authorization", "cookie", "bank_account"}

// New makes a logger. Line breaks inside values are escaped by both formats, so
// nobody can write a line of their own into the log.
func New(to io.Writer, o Options) (*slog.Logger, error) {
	var level slog.Level
	if o.Level != "" {
		if err := level.UnmarshalText([]byte(o.Level)); err != nil {
			return nil, fmt.Errorf("log level %q: %w", o.Level, err)
		}
	}
	settings := &slog.HandlerOptions{Level: level, ReplaceAttr: strikeOut}
	switch o.Format {
	case "json":
		return slog.New(slog.NewJSONHandler(to, settings)), nil
	case "", "text":
		return slog.New(slog.NewTextHandler(to, settings)), nil
	default:
		return nil, fmt.Errorf("log format %q is neither json nor text", o.Format)
	}
}

func strikeOut(_ []string, a slog.Attr) slog.Attr {
	name := strings.ToLower(a.Key)
	for _, secret := range struckOut {
		if strings.Contains(name, secret) {
			return slog.String(a.Key, "***")
		}
	}
	return a
}
