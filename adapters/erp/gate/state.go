package gate

import "time"

// Phase is what a gate does with those who come.
type Phase string

// The phases, from well to ill. They are stored and counted: never rename one.
const (
	Open        Phase = "open"        // lets through
	Trying      Phase = "trying"      // lets one through, to see
	Limited     Phase = "limited"     // the ERP asked for time 限流
	Resting     Phase = "resting"     // the ERP does not answer 熔断
	Maintenance Phase = "maintenance" // its owner looks after it 维护
)

// Phases lists them.
func Phases() []Phase { return []Phase{Open, Trying, Limited, Resting, Maintenance} }

// State is one look at a gate.
type State struct {
	Connection string
	Phase      Phase
	Since      time.Time // of the phase as far as the breaker goes
	Until      time.Time // when somebody may come again; zero while it is open
	InFlight   int       // callers inside
	Limited    int64     // times that the ERP asked for time, since the process began
	Code       string    // of the newest failure, while it is not well
}

// State looks at the gate.
func (g *Gate) State() State {
	now := g.options.Now().UTC()
	until, closed := g.options.Windows.Closed(now)
	g.mutex.Lock()
	defer g.mutex.Unlock()
	s := State{Connection: g.options.Connection, Phase: g.phase, Since: g.since, InFlight: len(g.places),
		Limited: g.limited, Code: g.failed}
	switch {
	case closed:
		s.Phase, s.Until = Maintenance, until.UTC()
	case now.Before(g.asked) && g.asked.After(g.resting):
		s.Phase, s.Until = Limited, g.asked
	case g.phase == Resting && now.Before(g.resting):
		s.Until = g.resting
	case g.phase == Resting:
		s.Phase = Trying // the next to come is let through
	}
	if s.Phase == Open {
		s.Code = ""
	}
	return s
}
