package pages

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
)

// wishesView is how somebody wants to be told, as its form shows it.
type wishesView struct {
	Locale, QuietFrom, QuietUntil, Zone, HomeZone string

	Dead, DeadStatus string // the reader's address, where letters to it come back

	Topics []topicChoice
	Ways   []wayChoice
	Hours  []hourChoice
	Zones  []string

	AnyTime bool // outside working time too

	Away                stamp // until when the reader is away; none while they are not, nor will be
	AwaySoon            stamp // from when, where that is still to come
	AwayFrom, AwayUntil string
}

type topicChoice struct {
	ID, Title string

	Must, Mailed bool
}

// wayChoice is by what somebody is told of what is so urgent.
type wayChoice struct {
	Urgency, Title string

	Ways []titled
}

// hourChoice is an hour of the day for the digest.
type hourChoice struct {
	Hour   int
	Title  string
	Chosen bool
}

// titled is something to choose.
type titled struct {
	ID, Title string
	Chosen    bool
}

// zones are those that the form offers; any other may be typed.
var zones = []string{"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Tokyo", "Europe/Berlin",
	"Europe/London", "America/New_York", "America/Los_Angeles", "UTC"}

const clockForm = "15:04"

// wishes shows what is kept; sent is what was typed and refused.
func (v *visit) wishes(s settingsSent) (wishesView, error) {
	w, err := v.desk().Wishes(v.r.Context(), v.who)
	if err != nil {
		return wishesView{}, err
	}
	if s.Form == "notices" {
		w = s.Wishes
	}
	view := wishesView{Locale: v.locale, Zone: w.Zone, HomeZone: v.zone(v.who.Person.Entity).String(), Zones: zones}
	if w.Locale != "" {
		view.Locale = w.Locale
	}
	if w.QuietFrom != w.QuietUntil {
		view.QuietFrom, view.QuietUntil = clockOf(w.QuietFrom), clockOf(w.QuietUntil)
	}
	if s.Form == "notices" {
		view.QuietFrom, view.QuietUntil = s.From, s.Until
	}
	standing, err := v.desk().OwnAddress(v.r.Context(), v.who)
	if err != nil {
		return wishesView{}, err
	}
	if standing.State == letter.Dead {
		view.Dead, view.DeadStatus = v.who.Person.Email, standing.Status
	}
	for _, topic := range append([]notice.Topic{notice.Duties, notice.Security}, notice.Choosable()...) {
		view.Topics = append(view.Topics, topicChoice{ID: string(topic), Title: v.t("page.topic." + string(topic)),
			Must: !slices.Contains(notice.Choosable(), topic), Mailed: !slices.Contains(w.Muted, topic)})
	}
	view.AnyTime, view.Ways, view.Hours = w.AnyTime, v.ways(w), v.digestHours(w)
	if w.AwayUntil.After(v.now) {
		zone := v.zone(v.who.Person.Entity)
		view.Away = v.stamp(w.AwayUntil, v.who.Person.Entity)
		if w.AwayFrom.After(v.now) {
			view.AwaySoon = v.stamp(w.AwayFrom, v.who.Person.Entity)
		}
		view.AwayFrom, view.AwayUntil = w.AwayFrom.In(zone).Format(minuteForm), w.AwayUntil.In(zone).Format(minuteForm)
	}
	if s.Form == "absence" {
		view.AwayFrom, view.AwayUntil = s.From, s.Until
	}
	return view, nil
}

// ways are by what the reader is told.
func (v *visit) ways(w notice.Wishes) []wayChoice {
	var all []wayChoice
	for _, urgency := range notice.Urgencies() {
		choice := wayChoice{Urgency: string(urgency), Title: v.t("page.wishes.urgency." + string(urgency))}
		for _, way := range notice.Ways(urgency) {
			choice.Ways = append(choice.Ways, titled{string(way), v.t("page.wishes.way." + string(way)), w.Way(urgency) == way})
		}
		all = append(all, choice)
	}
	return all
}

// digestHours are the hours at which the digest may come; the first is the house's.
func (v *visit) digestHours(w notice.Wishes) []hourChoice {
	all := []hourChoice{{Title: v.t("page.wishes.digest_house"), Chosen: w.DigestHour == 0}}
	for hour := 1; hour < 24; hour++ {
		all = append(all, hourChoice{hour, clockOf(hour * 60), w.DigestHour == hour})
	}
	return all
}

// askedWays are the ways that were sent; what is as the house does is not kept.
func (v *visit) askedWays() map[notice.Urgency]notice.Way {
	ways := map[notice.Urgency]notice.Way{}
	for _, urgency := range notice.Urgencies() {
		way := notice.Way(v.asked("way_" + string(urgency)))
		if way != "" && way != (notice.Wishes{}).Way(urgency) {
			ways[urgency] = way
		}
	}
	return ways
}

func clockOf(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// saveWishes handles POST /settings/notices: language, what is mailed, and when.
func saveWishes(v *visit) error {
	w, err := v.desk().Wishes(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	locale, known := i18n.Known(v.asked("lang"))
	if !known {
		return fault.New(fault.Invalid, "request.bad_value", fault.Field("lang"))
	}
	w.Locale, w.Muted, w.Zone = locale, nil, v.asked("zone")
	for _, topic := range notice.Choosable() {
		if !slices.Contains(v.r.PostForm["mail"], string(topic)) {
			w.Muted = append(w.Muted, topic)
		}
	}
	w.Ways, w.AnyTime = v.askedWays(), v.asked("any_time") != ""
	w.DigestHour, _ = strconv.Atoi(v.asked("digest_hour")) // what is no hour is the house's
	sent := settingsSent{Form: "notices", From: v.asked("quiet_from"), Until: v.asked("quiet_until")}
	w.QuietFrom, w.QuietUntil, err = quietHours(sent.From, sent.Until)
	sent.Wishes = w
	if err == nil {
		err = v.desk().SaveWishes(v.r.Context(), v.who, w)
	} else if f, ok := fault.As(v.desk().CheckWishes(w)); ok {
		sent.Fault = v.faultText(f) + " " // beside that of the quiet hours
	}
	if err != nil {
		return v.notSettled(err, sent)
	}
	v.cookie(i18n.Cookie, locale, i18n.CookieLife)
	return v.leave(settingsAt, "wishes_saved")
}

// writeAgain handles POST /settings/mail: the reader says that their address works.
func writeAgain(v *visit) error {
	if err := v.desk().WriteAgain(v.r.Context(), v.who); err != nil {
		return err
	}
	return v.leave(settingsAt, "mail_again")
}

// quietHours reads both ends of quiet hours; none where both are empty.
func quietHours(from, until string) (int, int, error) {
	if from == "" && until == "" {
		return 0, 0, nil
	}
	begins, err1 := time.Parse(clockForm, from)
	ends, err2 := time.Parse(clockForm, until)
	if err1 != nil || err2 != nil || begins.Equal(ends) {
		return 0, 0, fault.New(fault.Invalid, "wishes.bad_quiet", fault.Field("quiet_from"))
	}
	return begins.Hour()*60 + begins.Minute(), ends.Hour()*60 + ends.Minute(), nil
}

// saveAbsence handles POST /settings/absence: away from–until, and who decides
// meanwhile where somebody is named. Without dates nobody is away.
func saveAbsence(v *visit) error {
	s := settingsSent{Form: "absence", From: v.asked("from"), Until: v.asked("until"), Name: v.asked("delegate")}
	w, err := v.desk().Wishes(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	w.AwayFrom, w.AwayUntil = time.Time{}, time.Time{}
	if s.From != "" || s.Until != "" {
		zone := v.zone(v.who.Person.Entity)
		var err1, err2 error
		w.AwayFrom, err1 = time.ParseInLocation(minuteForm, s.From, zone)
		w.AwayUntil, err2 = time.ParseInLocation(minuteForm, s.Until, zone)
		if err1 != nil || err2 != nil || !w.AwayUntil.After(v.now) {
			return v.notSettled(fault.New(fault.Invalid, "wishes.bad_absence", fault.Field("away_until")), s)
		}
	}
	if err := v.desk().CheckWishes(w); err != nil {
		return v.notSettled(err, s)
	}
	if s.Name != "" && !w.AwayFrom.IsZero() {
		_, err := v.desk().NewDelegation(v.r.Context(), v.who, desk.DelegationInput{Person: v.who.Person.ID,
			Delegate: v.personNamed(s.Name), From: w.AwayFrom, Until: w.AwayUntil, Reason: v.t("page.absence.reason"),
		}, v.key("absence"))
		if err != nil {
			return v.notSettled(err, s)
		}
	}
	if err := v.desk().SaveWishes(v.r.Context(), v.who, w); err != nil {
		return v.notSettled(err, s)
	}
	return v.leave(settingsAt, "absence_saved")
}
