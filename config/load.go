package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Prefix begins the name of every environment variable that sets a key.
const Prefix = "COUNTERSIGN"

// Load reads the defaults, then the file at path ("" for none), then the
// environment, then those flags that were set and are named after a key
// (gateway.listen or gateway-listen), resolves the secrets and checks it all.
//
// Errors: one for every key that is wrong; each names the key and the mend.
func Load(path string, flags *pflag.FlagSet) (Config, error) {
	return load(Default(), path, flags)
}

// LoadDev is Load for one person's machine: the mode is dev and the defaults are
// those of DefaultDev.
func LoadDev(path string, flags *pflag.FlagSet) (Config, error) {
	return load(DefaultDev(), path, flags)
}

func load(c Config, path string, flags *pflag.FlagSet) (Config, error) {
	c, err := read(c, path, flags)
	if err != nil {
		return Config{}, err
	}
	if err := c.Check(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// read is load without the check.
func read(c Config, path string, flags *pflag.FlagSet) (Config, error) {
	v := viper.NewWithOptions(viper.ExperimentalBindStruct(), viper.EnvKeyReplacer(strings.NewReplacer(".", "_")))
	v.SetEnvPrefix(Prefix)
	v.AutomaticEnv()
	if err := readFile(v, path); err != nil {
		return Config{}, err
	}
	if err := bind(v, flags); err != nil {
		return Config{}, err
	}
	hooks := viper.DecodeHook(mapstructure.ComposeDecodeHookFunc(
		secretFiles,
		mapstructure.StringToTimeDurationHookFunc(),
		mapstructure.StringToSliceHookFunc(","),
	))
	if err := v.UnmarshalExact(&c, hooks); err != nil {
		return Config{}, badValue(err)
	}
	c.fill()
	if err := resolve(reflect.ValueOf(&c).Elem(), ""); err != nil {
		return Config{}, err
	}
	return c, nil
}

func readFile(v *viper.Viper, path string) error {
	if path == "" {
		return nil
	}
	v.SetConfigFile(path)
	v.SetConfigType("yaml")
	if err := v.ReadInConfig(); err != nil {
		return fmt.Errorf("config file %s: %w; mend the file, or name another with --config", path, err)
	}
	if unknown := unknownKeys(v.AllSettings(), reflect.TypeFor[Config](), ""); len(unknown) > 0 {
		return fmt.Errorf("config file %s: %w", path, errors.Join(unknown...))
	}
	return nil
}

// bind makes viper see what it would not by itself: secrets in the environment,
// themselves or their *_FILE, and flags. Only flags that were set count, so that a flag's own
// default never beats a file.
func bind(v *viper.Viper, flags *pflag.FlagSet) error {
	for _, leaf := range leaves(reflect.TypeFor[Config](), "") {
		if leaf.secret {
			if err := errors.Join(v.BindEnv(leaf.key), v.BindEnv(leaf.key+fileSuffix)); err != nil {
				return fmt.Errorf("config %s: %w", leaf.key, err)
			}
		}
		if flags == nil {
			continue
		}
		for _, name := range []string{leaf.key, strings.NewReplacer(".", "-", "_", "-").Replace(leaf.key)} {
			flag := flags.Lookup(name)
			if flag == nil || !flag.Changed {
				continue
			}
			if err := v.BindPFlag(leaf.key, flag); err != nil {
				return fmt.Errorf("config %s: %w", leaf.key, err)
			}
		}
	}
	return nil
}

// badValue tells of a value of the wrong form without repeating it: it may be
// half a secret.
func badValue(err error) error {
	var decode *mapstructure.DecodeError
	var problem Problem
	switch {
	case errors.As(err, &decode) && errors.As(err, &problem):
		problem.Key = decode.Name() + "." + problem.Key
		return problem
	case decode != nil:
		return Problem{Key: decode.Name(), Text: "has a value of the wrong form",
			Mend: "compare it with config.example.yaml; numbers are plain, durations look like 30s or 2h"}
	}
	return fmt.Errorf("config: %w", err)
}

// fill gives connections what the file does not say.
func (c *Config) fill() {
	for i := range c.ERP.Connections {
		connection := &c.ERP.Connections[i]
		if connection.Timeout == 0 {
			connection.Timeout = connectionTimeout
		}
		if connection.Settle == 0 {
			connection.Settle = connectionSettle
		}
		if connection.PerSecond == 0 {
			connection.PerSecond = connectionPerSecond
		}
		connection.AtOnce = cmp.Or(connection.AtOnce, connectionAtOnce)
		connection.Failures = cmp.Or(connection.Failures, connectionFailures)
		connection.Rest = cmp.Or(connection.Rest, connectionRest)
		connection.Zone = cmp.Or(connection.Zone, c.Locale.Zone)
	}
	for i := range c.IM.Apps {
		app := &c.IM.Apps[i]
		if app.Timeout == 0 {
			app.Timeout = imTimeout
		}
		if app.SyncEvery == 0 {
			app.SyncEvery = imSyncEvery
		}
	}
	for i := range c.Identity.Providers {
		if provider := &c.Identity.Providers[i]; len(provider.Scopes) == 0 {
			provider.Scopes = []string{"openid", "profile", "email"}
		}
		if provider := &c.Identity.Providers[i]; provider.GrantsFor == 0 {
			provider.GrantsFor = claimsLast
		}
	}
}
