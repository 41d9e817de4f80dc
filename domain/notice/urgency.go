package notice

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// Urgency says how soon somebody must know. 紧急程度
type Urgency string

// The urgencies.
const (
	Urgent   Urgency = "urgent"   // at once, at any hour: what an urgent document asks, and what happens to one's account
	Ordinary Urgency = "ordinary" // something waits for them
	News     Urgency = "news"     // what became of something
)

// Urgencies lists them, the most urgent first.
func Urgencies() []Urgency { return []Urgency{Urgent, Ordinary, News} }

// UrgencyOf is the urgency of a kind, where its document is urgent or not.
func UrgencyOf(kind string, urgent bool) Urgency {
	switch topic := TopicOf(kind); {
	case topic == Security, urgent && (topic == Duties || topic == StandIn):
		return Urgent
	case topic == Duties:
		return Ordinary
	}
	return News
}

// Channel is a way to somebody. 通知渠道
type Channel string

// The channels.
const (
	App  Channel = "app"  // a messaging app
	Mail Channel = "mail" // 邮件
)

// Way is by what somebody wants to be told of what is so urgent; "" is as the house does:
// what waits for them by app, news by mail. 通知方式
type Way string

// The ways. Each falls back to the other channel where there is none of the first.
const (
	ByApp    Way = "app"
	ByMail   Way = "mail"
	InDigest Way = "digest" // 每日汇总; never of what is urgent
)

// Ways lists what may be chosen for an urgency.
func Ways(u Urgency) []Way {
	if u == Urgent {
		return []Way{ByApp, ByMail}
	}
	return []Way{ByApp, ByMail, InDigest}
}

// Way is by what somebody is told of what is so urgent.
func (w Wishes) Way(u Urgency) Way {
	switch way := w.Ways[u]; {
	case way != "":
		return way
	case u == News:
		return ByMail
	}
	return ByApp
}

// Channels lists by what somebody is told, in order, of those by which they can be.
func (w Wishes) Channels(u Urgency, reach []Channel) []Channel {
	order := []Channel{App, Mail}
	if w.Way(u) == ByMail {
		order = []Channel{Mail, App}
	}
	return slices.DeleteFunc(order, func(c Channel) bool { return !slices.Contains(reach, c) })
}

// asking are the kinds that want somebody to do something about a task of theirs.
var asking = []string{
	approval.TaskOpened, approval.TaskReminded, approval.TaskOverdue, approval.TaskWasConsulted, Urged,
}

// Asks says whether a kind wants a person to do something about a task: such a notice is
// told again by another channel where nobody looks, and is moot once the task is over.
func Asks(kind string) bool { return slices.Contains(asking, kind) }

// Asking lists the kinds that Asks.
func Asking() []string { return slices.Clone(asking) }
