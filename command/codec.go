package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/platform/temporal"
)

func codecCommand() *cobra.Command {
	return processCommand("codec", "Decrypt payloads for the Temporal UI, for who brings the token", runCodec)
}

// runCodec serves the codec endpoint, a process of its own: it holds the payload
// keys and needs nothing else.
func runCodec(ctx context.Context, p *parts) error {
	c := p.config.Temporal.Codec
	keys, err := codecKeys(c)
	if err != nil {
		return err
	}
	if c.Listen == "" || len(keys) == 0 {
		return errors.New("temporal.codec: set enabled, keys, and listen, such as 127.0.0.1:8089")
	}
	codec, err := temporal.NewCodec(keys)
	if err != nil {
		return fmt.Errorf("temporal.codec.keys: %w", err)
	}
	allowed := temporal.BearerToken(c.Token.Reveal())
	if p.config.Mode == config.Dev {
		allowed = func(*http.Request) bool { return true } // loopback, one person's machine
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("temporal.codec.listen %s: %w", c.Listen, err)
	}
	logged := func(r *http.Request) bool {
		ok := allowed(r)
		p.logger.Info("payloads asked for", "allowed", ok, "namespace", r.Header.Get("X-Namespace"), "from", r.RemoteAddr)
		return ok
	}
	web := &http.Server{Handler: temporal.CodecHandler(codec, c.Origin, logged), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = web.Close() })
	defer stop()
	p.logger.Info("the codec endpoint is ready", "listen", c.Listen)
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving the codec endpoint: %w", err)
	}
	return nil
}
