package seeding

import "math/rand/v2"

// fate is what became of a document until now.
type fate uint8

const (
	closedByRule  fate = iota // nobody was asked
	closedBriefly             // one person agreed
	closedFully               // three did
	rejected
	withdrawn
	returned
	parked
	drafted
	waitsForManager // one task is open
	waitsForHead    // one is
	waitsForTwo     // two are: of finance, of whom one decides
	fatesMost
)

// In a hundred documents that wait for nobody.
var settledFates = []struct {
	fate fate
	upTo int
}{{closedByRule, 55}, {closedBriefly, 82}, {closedFully, 94}, {rejected, 96}, {withdrawn, 98},
	{returned, 99}, {drafted, 100}}

const (
	parkedEvery  = 4000 // one document in so many is parked; of those that are not so new
	openShare    = 55   // in a hundred of the newest documents: they wait, until all open tasks are given out
	oneTaskShare = 40   // in a hundred of those that wait: for one person
)

// fatesOf says of each document what became of it, the oldest first. The newest
// wait, with so many tasks open in all.
func fatesOf(documents, openTasks int) []fate {
	random := rand.New(rand.NewPCG(2, uint64(documents)))
	fates := make([]fate, documents)
	left := openTasks
	for n := documents - 1; n >= 0; n-- {
		wait := left > 0 && (random.IntN(100) < openShare || left >= 2*n)
		switch {
		case wait && (left == 1 || random.IntN(100) < oneTaskShare && left < 2*n):
			fates[n], left = waitsForManager+fate(random.IntN(2)), left-1
		case wait:
			fates[n], left = waitsForTwo, left-2
		case n%parkedEvery == parkedEvery-1:
			fates[n] = parked
		default:
			fates[n] = settledFate(random.IntN(100))
		}
	}
	return fates
}

func settledFate(percent int) fate {
	for _, f := range settledFates {
		if percent < f.upTo {
			return f.fate
		}
	}
	return closedBriefly
}
