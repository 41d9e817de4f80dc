package approval

// The limits of one document. They are far from what people need; they bound
// the state that travels with the workflow.
const (
	opinionMax   = 2000 // runes of an opinion or a reason
	textMax      = 200  // bytes of an id, hash or reference
	stepsMax     = 60   // steps of a plan
	branchesMax  = 5    // forks within forks
	approversMax = 100  // approvers of a step, and those who take over a task
	tasksMax     = 500  // tasks of a round
	roundsMax    = 50   // rounds of a document
	attemptsMax  = 100  // rulings on one failed effect or plan
	actsMax      = 2000 // acts that took effect, before only withdraw, reject and resolve are left
)
