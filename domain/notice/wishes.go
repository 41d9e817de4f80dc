package notice

import (
	"slices"
	"time"
)

// Topic is what kinds of notices have in common, for whom they are a nuisance. 通知类别
type Topic string

// The topics. What is owed to a duty or to the safety of an account is mailed always;
// every notice stays in the list of notices, whatever anybody wishes.
const (
	Duties   Topic = "duties"   // my tasks, and what waits for somebody in my role
	Security Topic = "security" // my account
	Requests Topic = "requests" // what becomes of what I asked for
	StandIn  Topic = "stand_in" // delegations, and the tasks that I might decide for others
	Talk     Topic = "talk"     // remarks, mentions, copies
	Rules    Topic = "rules"    // proposals that are not mine to decide any more
)

// Choosable lists the topics that somebody may do without by mail.
func Choosable() []Topic { return []Topic{Requests, StandIn, Talk, Rules} }

// topics are those of the kinds that are no duties.
var topics = map[Topic][]string{
	Security: {PasskeyAdded, PasskeyRemoved, PasskeyTaken, PasskeyBehind, ReplyRefused},
	Requests: {
		"document.returned", "document.rejected", "document.approved", "document.closed", "document.sanctioned",
		"document.amended", "document.withdrawn", "document.voided", "task.escalated", "step.jumped", "plan.discarded",
		"task.handed_over", "clock.resumed", "clock.released", "task.superseded",
		ReversalRefused, ReversalPosted, ReversalExpired, ReplyTaken, EnteredFor,
	},
	StandIn: {OpenedFor, RemindedFor, OverdueFor, DecidedFor, DelegationMade, DelegationTaken},
	Talk:    {Commented, Mentioned, Copied, CopiedByPolicy},
	Rules:   {ProposalApproved, ProposalRefused, ProposalOutdated, ProposalExpired},
}

// TopicOf is the topic of a kind; what belongs to no other is a duty.
func TopicOf(kind string) Topic {
	for topic, kinds := range topics {
		if slices.Contains(kinds, kind) {
			return topic
		}
	}
	return Duties
}

// minutesOfDay is how many minutes a day of quiet hours has.
const minutesOfDay = 24 * 60

// Wishes is how somebody wants to be told. The zero value wishes for nothing. 通知偏好
type Wishes struct {
	Locale string  `json:"locale,omitempty"` // of mail; "" = what the directory says
	Muted  []Topic `json:"muted,omitempty"`  // not mailed, of those that are Choosable

	// Quiet hours are from one minute of the day to another, over midnight too; the same
	// minute is none. What is urgent comes all the same.
	QuietFrom  int    `json:"quiet_from"`
	QuietUntil int    `json:"quiet_until"`
	Zone       string `json:"zone,omitempty"` // IANA name; "" = that of the legal entity

	// Ways are by urgency, where they differ from the house's; DigestHour is 1 … 23, or 0
	// for the house's. AnyTime asks for ordinary notices outside working time too.
	Ways       map[Urgency]Way `json:"ways,omitempty"`
	DigestHour int             `json:"digest_hour,omitempty"`
	AnyTime    bool            `json:"any_time,omitempty"`

	AwayFrom  time.Time `json:"away_from,omitzero"` // 休假
	AwayUntil time.Time `json:"away_until,omitzero"`
}

// Mailed says whether somebody wants a kind by mail.
func (w Wishes) Mailed(kind string) bool {
	topic := TopicOf(kind)
	return !slices.Contains(Choosable(), topic) || !slices.Contains(w.Muted, topic)
}

// quietMost is how long quiet hours may be, in minutes: a digest must come in between.
const quietMost = 22 * 60

// QuietFits says whether quiet hours leave time for a digest.
func (w Wishes) QuietFits() bool {
	return (w.QuietUntil-w.QuietFrom+minutesOfDay)%minutesOfDay <= quietMost
}

// quiet says whether an instant is within the quiet hours.
func (w Wishes) quiet(at time.Time, zone *time.Location) bool {
	if own, err := time.LoadLocation(w.Zone); err == nil && w.Zone != "" {
		zone = own
	}
	local := at.In(zone)
	now := local.Hour()*60 + local.Minute()
	length := (w.QuietUntil - w.QuietFrom + minutesOfDay) % minutesOfDay
	return (now-w.QuietFrom+minutesOfDay)%minutesOfDay < length
}
