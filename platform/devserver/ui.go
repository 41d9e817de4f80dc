package main

import (
	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// uiSettings hands the UI its configuration.
type uiSettings struct {
	config *uiconfig.Config
}

// GetConfig answers the UI server, which asks again from time to time.
func (u uiSettings) GetConfig() (*uiconfig.Config, error) {
	return u.config, nil
}

// startUI serves the web UI beside the server and returns how to stop it.
func startUI(s settings, frontend string) (stop func()) {
	server := uiserver.NewServer(uioptions.WithConfigProvider(uiSettings{&uiconfig.Config{
		TemporalGRPCAddress: frontend,
		Host:                loopback,
		Port:                s.uiPort,
		EnableUI:            true,
		DefaultNamespace:    s.namespace,
		HideLogs:            true,
		DisableNewsFetch:    true,
		Codec:               uiconfig.Codec{Endpoint: s.uiCodec},
		// There is no TLS on the loopback, and not every browser keeps a secure cookie without it.
		CORS: uiconfig.CORS{CookieInsecure: true},
	}}))
	go func() { _ = server.Start() }()
	return server.Stop
}
