// Package temporal dials Temporal the way this house talks to it: encrypted
// where asked, with failures that say no more than the payloads do.
package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/platform/certs"
)

// Config says where Temporal is and how to speak to it.
type Config struct {
	Address   string // host:port of the frontend
	Namespace string
	Identity  string // who we are in histories; "" = process@host
	TLS       TLS
	APIKey    string // "" = none; sent only over TLS
	Keys      []Key  // payload encryption: the first encrypts, all decrypt; none = in the clear

	// BlockOnMissingKey is for workers: a payload under a key that this process
	// was not given blocks the workflow task until the key is there, where an
	// error would fail the workflow. Elsewhere it is an error.
	BlockOnMissingKey bool

	Logger  *slog.Logger          // nil = slog.Default
	Metrics client.MetricsHandler // nil = none
}

// TLS names the files of a mutual or one-sided TLS connection.
type TLS struct {
	Enabled    bool
	CAFile     string // "" = the system's authorities
	CertFile   string // with KeyFile: our own certificate
	KeyFile    string
	ServerName string // "" = the host of Address
}

// Dial connects to Temporal and fails if nobody answers.
//
// Time: the SDK's connection timeout, or until ctx ends.
func Dial(ctx context.Context, c Config) (client.Client, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	connected, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("dial Temporal at %s: %w", c.Address, err)
	}
	return connected, nil
}

// DialLazy prepares a connection that is made when it is first used: the
// gateway accepts submissions while Temporal is away.
func DialLazy(c Config) (client.Client, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	lazy, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("prepare Temporal at %s: %w", c.Address, err)
	}
	return lazy, nil
}

func (c Config) options() (client.Options, error) {
	logger := c.Logger
	if logger == nil {
		logger = slog.Default()
	}
	options := client.Options{
		HostPort:       c.Address,
		Namespace:      c.Namespace,
		Identity:       c.Identity,
		Logger:         log.NewStructuredLogger(logger),
		MetricsHandler: c.Metrics,
	}
	// Payloads are small and the cluster is near: gzip, the SDK's default, would
	// cost both sides more than it saves.
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	payloads, failures, err := Converters(c.Keys, c.BlockOnMissingKey)
	if err != nil {
		return client.Options{}, err
	}
	options.DataConverter, options.FailureConverter = payloads, failures
	if err := c.secure(&options); err != nil {
		return client.Options{}, err
	}
	return options, nil
}

func (c Config) secure(options *client.Options) error {
	if c.APIKey != "" && !c.TLS.Enabled {
		return errors.New("temporal: an API key is only sent over TLS")
	}
	if c.APIKey != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(c.APIKey)
	}
	if !c.TLS.Enabled {
		options.ConnectionOptions.TLSDisabled = true
		return nil
	}
	settings, err := certs.Client(certs.Files{CA: c.TLS.CAFile, Cert: c.TLS.CertFile, Key: c.TLS.KeyFile,
		ServerName: c.TLS.ServerName})
	if err != nil {
		return fmt.Errorf("temporal: TLS: %w", err)
	}
	options.ConnectionOptions.TLS = settings
	return nil
}

// Converters are how payloads and failures are written: every process, and
// every replay of a history, needs the same ones.
func Converters(keys []Key, block bool) (converter.DataConverter, converter.FailureConverter, error) {
	payloads := converter.GetDefaultDataConverter()
	if len(keys) > 0 {
		codec, err := NewCodec(keys)
		if err != nil {
			return nil, nil, err
		}
		if block {
			payloads = converter.NewCodecDataConverter(payloads, blocking{codec})
		} else {
			payloads = converter.NewCodecDataConverter(payloads, codec)
		}
	}
	failures := sdk.NewDefaultFailureConverter(sdk.DefaultFailureConverterOptions{
		DataConverter:          payloads,
		EncodeCommonAttributes: len(keys) > 0,
	})
	return payloads, failures, nil
}
