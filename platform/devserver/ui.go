package main

import (
	"net"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

const (
	listenTries = 500
	listenPoll  = 10 * time.Millisecond
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
	go func() { _ = server.Start() }() // ends the process if it cannot listen
	awaitListening(s.uiPort)
	return server.Stop
}

// awaitListening returns when the port answers, or late: whoever reads the ready line opens the page at once.
func awaitListening(port int) {
	for range listenTries {
		conn, err := net.Dial("tcp", hostPort(port))
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(listenPoll)
	}
}
