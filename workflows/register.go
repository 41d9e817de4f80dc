package workflows

import (
	"go.temporal.io/sdk/workflow"
)

// Registry is the part of a worker, a replayer or a test environment that
// Register needs.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register registers every workflow under its name. A document moves to new
// code as soon as it is deployed: it may wait for months, and replay tests hold
// that the new code can go on with it.
func Register(to Registry) {
	to.RegisterWorkflowWithOptions(Document, workflow.RegisterOptions{
		Name:               DocumentWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(DirectorySync, workflow.RegisterOptions{
		Name:               DirectorySyncWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(MasterData, workflow.RegisterOptions{
		Name:               MasterDataWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(Reconcile, workflow.RegisterOptions{
		Name:               ReconcileWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(PostAgain, workflow.RegisterOptions{
		Name:               PostAgainWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(Reversal, workflow.RegisterOptions{
		Name:               ReversalWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(CollectInbound, workflow.RegisterOptions{
		Name:               CollectWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	to.RegisterWorkflowWithOptions(Digest, workflow.RegisterOptions{
		Name:               DigestWorkflow,
		VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
}
