package engine

import (
	"context"
	"time"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// readMax is how long a person waits for what they had read; after that it goes on alone.
const readMax = 4 * time.Second

// ReadMaster has the master data of a connection read, and waits a little for its end;
// over says whether that came. One that is under way already for the same run is a success.
//
// Safe to repeat. Errors: Busy engine.away.
func (e *Engine) ReadMaster(ctx context.Context, in activities.MasterInput) (over bool, err error) {
	return e.read(ctx, workflows.MasterDataID(in.Connection)+":"+in.Run, workflows.MasterDataWorkflow, in)
}

// read starts a workflow that reads something, and waits a little for its end. How it
// ended is told elsewhere.
func (e *Engine) read(ctx context.Context, id, workflow string, in any) (over bool, err error) {
	if err := e.begin(ctx, id, workflow, in); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, readMax)
	defer cancel()
	ended := e.Client.GetWorkflow(ctx, id, "").Get(ctx, nil)
	return ended == nil || ctx.Err() == nil, nil
}
