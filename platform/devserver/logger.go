package main

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes to standard error from the level on, and after hush errors only.
func newLogger(level string) (logger log.Logger, hush func(), err error) {
	from, err := zap.ParseAtomicLevel(level)
	if err != nil {
		return nil, nil, fmt.Errorf("--log-level: %w", err)
	}
	cfg := zap.NewProductionConfig()
	cfg.Level = from
	cfg.Encoding = "console"
	cfg.EncoderConfig.EncodeTime = zapcore.ISO8601TimeEncoder
	cfg.DisableStacktrace = true
	cfg.DisableCaller = true // Temporal says itself where it logged
	cfg.Sampling = nil
	built, err := cfg.Build()
	if err != nil {
		return nil, nil, fmt.Errorf("logger: %w", err)
	}
	return log.NewZapLogger(built), func() { from.SetLevel(zapcore.ErrorLevel) }, nil
}
