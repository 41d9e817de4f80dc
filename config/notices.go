package config

import (
	"time"

	"github.com/countersign/countersign/domain/calendar"
)

// Notices is how people are told, see domain/notice.Manners.
type Notices struct {
	Budget      int           `mapstructure:"budget"`       // messages to one person in any hour; 0 = no limit
	Gather      time.Duration `mapstructure:"gather"`       // after a message the next wait so long; 0 = never
	WorkingTime bool          `mapstructure:"working_time"` // what is not urgent waits outside somebody's working time
	DigestHour  int           `mapstructure:"digest_hour"`  // 1 … 23, in the company's zone, for who chose none
	Unanswered  string        `mapstructure:"unanswered"`   // by another channel after it, such as 4 workhours; "" = never
	Keep        time.Duration `mapstructure:"keep"`         // how long the delivery log is kept; 0 = for good
}

// UnansweredFor is Unanswered as it is counted.
func (n Notices) UnansweredFor() calendar.Duration {
	d, _ := calendar.ParseDuration(n.Unanswered) // its rule holds that it is one
	return d
}

func (n Notices) check(k *check) {
	k.want(n.Budget == 0 || n.Budget >= 2 && n.Budget <= 1000, "notices.budget", "leaves no room for notices and a digest",
		"set 2 or more, such as 10, or 0 for no limit")
	k.duration("notices.gather", n.Gather, 0, time.Hour)
	number(k, "notices.digest_hour", n.DigestHour, 1, 23, "set an hour of the day, such as 9")
	_, err := calendar.ParseDuration(n.Unanswered)
	k.want(n.Unanswered == "" || err == nil, "notices.unanswered", "is no working time",
		"set a duration such as 4 workhours or 1 workday, or nothing")
	k.duration("notices.keep", n.Keep, 0, 10*366*24*time.Hour)
}
