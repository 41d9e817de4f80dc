package main

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// unthrottled is far beyond what one machine can do: here the machine is the limit, so that a load test measures
// it and not the server's protection of shared clusters.
const unthrottled = 1_000_000

// dynamicSettings suit one small machine with one user.
func dynamicSettings() dynamicconfig.StaticClient {
	values := dynamicconfig.StaticClient{
		// One partition keeps a task queue in one piece: fewer polls and forwards, and one strict order.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): 100_000,

		// Tests make namespaces and worker versions of their own and want them at once.
		dynamicconfig.NamespaceCacheRefreshInterval.Key(): time.Second,
	}
	for _, key := range []dynamicconfig.Key{
		dynamicconfig.FrontendRPS.Key(),
		dynamicconfig.FrontendNamespaceReplicationInducingAPIsRPS.Key(),
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key(),
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(),
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(),
		dynamicconfig.FrontendGlobalNamespaceNamespaceReplicationInducingAPIsRPS.Key(),
		dynamicconfig.FrontendGlobalWorkerDeploymentReadRPS.Key(),
		dynamicconfig.FrontendPersistenceMaxQPS.Key(),
		dynamicconfig.HistoryRPS.Key(),
		dynamicconfig.HistoryPersistenceMaxQPS.Key(),
		dynamicconfig.MatchingRPS.Key(),
		dynamicconfig.MatchingPersistenceMaxQPS.Key(),
		dynamicconfig.WorkerPersistenceMaxQPS.Key(),
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key(),
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key(),
	} {
		values[key] = unthrottled
	}
	return values
}
