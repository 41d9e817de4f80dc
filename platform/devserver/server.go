package main

import (
	"fmt"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName   = "active"
	historyShards = 4 // fixed for ever by the first start

	// Each of the four services has its own pools, so these count four times: at most 112 of PostgreSQL's 200.
	mainConnections       = 20
	visibilityConnections = 8
	connectionLifetime    = time.Hour
)

// running is a started server with what is attached to it.
type running struct {
	frontend string
	http     string
	metrics  string
	uiURL    string
	stop     func()
}

// servicePorts are the gRPC ports of the four services.
type servicePorts map[primitives.ServiceName]int

// startServer starts the four services and the UI. They answer soon after it returns; openNamespace waits for that.
func startServer(s settings, where address, logger log.Logger) (*running, error) {
	ports, err := choosePorts(s)
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(s, where, ports)
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return nil, fmt.Errorf("authorizer: %w", err)
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for service, port := range ports {
		hosts[service] = static.SingleLocalHost(hostPort(port))
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithDynamicConfigClient(dynamicSettings()),
		// Gossip would look for the peers of the last run, on ports long gone, before it finds itself.
		temporal.WithStaticHosts(hosts),
	)
	if err != nil {
		return nil, fmt.Errorf("build the Temporal server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	r := &running{frontend: hostPort(ports[primitives.FrontendService]), stop: func() { _ = server.Stop() }}
	r.addresses(s)
	if s.uiPort != 0 {
		stopUI := startUI(s, r.frontend)
		stopServer := r.stop
		r.stop = func() { stopUI(); stopServer() }
	}
	return r, nil
}

func (r *running) addresses(s settings) {
	if s.httpPort != 0 {
		r.http = "http://" + hostPort(s.httpPort)
	}
	if s.metricsPort != 0 {
		r.metrics = "http://" + hostPort(s.metricsPort) + "/metrics"
	}
	if s.uiPort != 0 {
		r.uiURL = "http://" + hostPort(s.uiPort)
	}
}

// checkPorts says clearly which of the ports asked for is in use; the server itself would only end.
func (s settings) checkPorts() error {
	for _, asked := range s.ports() {
		if asked == 0 {
			continue
		}
		if err := checkPort(asked); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) ports() []int { return []int{s.frontendPort, s.httpPort, s.uiPort, s.metricsPort} }

// choosePorts finds the ports that nobody asked for, anew on each start.
func choosePorts(s settings) (servicePorts, error) {
	taken := map[int]bool{}
	for _, asked := range s.ports() {
		taken[asked] = true
	}
	ports := servicePorts{}
	for _, service := range []primitives.ServiceName{
		primitives.FrontendService, primitives.HistoryService, primitives.MatchingService, primitives.WorkerService,
	} {
		if service == primitives.FrontendService && s.frontendPort != 0 {
			ports[service] = s.frontendPort
			continue
		}
		port, err := freePort(taken)
		if err != nil {
			return nil, err
		}
		ports[service] = port
	}
	return ports, nil
}

func serverConfig(s settings, where address, ports servicePorts) *config.Config {
	frontend := hostPort(ports[primitives.FrontendService])
	cfg := &config.Config{
		Persistence: persistenceConfig(s, where),
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            map[string]config.Service{},
		PublicClient:        config.PublicClient{HostPort: frontend},
	}
	cfg.Archival.History.State = "disabled"
	cfg.Archival.Visibility.State = "disabled"
	cfg.NamespaceDefaults.Archival.History.State = "disabled"
	cfg.NamespaceDefaults.Archival.Visibility.State = "disabled"
	for service, port := range ports {
		rpc := config.RPC{GRPCPort: port, BindOnIP: loopback}
		if service == primitives.FrontendService {
			rpc.HTTPPort = s.httpPort
		}
		cfg.Services[string(service)] = config.Service{RPC: rpc}
	}
	if s.metricsPort != 0 {
		cfg.Global.Metrics = &metrics.Config{
			Prometheus: &metrics.PrometheusConfig{ListenAddress: hostPort(s.metricsPort), HandlerPath: "/metrics"},
		}
	}
	return cfg
}

func persistenceConfig(s settings, where address) config.Persistence {
	const mainStore, visibilityStore = "main", "visibility"
	pool := func(database string, connections int) config.DataStore {
		store := where.store(database)
		store.MaxConns, store.MaxIdleConns, store.MaxConnLifetime = connections, connections, connectionLifetime
		return config.DataStore{SQL: store}
	}
	return config.Persistence{
		DefaultStore:     mainStore,
		VisibilityStore:  visibilityStore,
		NumHistoryShards: historyShards,
		DataStores: map[string]config.DataStore{
			mainStore:       pool(s.databases, mainConnections),
			visibilityStore: pool(s.databases+visibilitySuffix, visibilityConnections),
		},
	}
}
