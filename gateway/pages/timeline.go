package pages

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/gateway/i18n"
)

// moment is one event in words.
type moment struct {
	Text, Quote, Tone string
	Details           []string

	At stamp

	Passkey bool // a passkey signed it

	Seq         int64 // of the event, with its hash and its cause
	Hash, Cause string
}

// told are the data of every kind of event that people read, in one.
type told struct {
	Number      string         `json:"number"`
	Step        string         `json:"step"`
	Assignee    string         `json:"assignee"`
	Opinion     string         `json:"opinion"`
	Reason      string         `json:"reason"`
	To          several        `json:"to"`
	DueAt       time.Time      `json:"due_at"`
	N           int            `json:"n"`
	Code        string         `json:"code"`
	Detail      string         `json:"detail"`
	Ruling      string         `json:"ruling"`
	Date        string         `json:"date"`
	Plan        approval.Plan  `json:"plan"`
	Provisional bool           `json:"provisional"`
	Person      string         `json:"person"`
	Where       string         `json:"where"`
	Info        bool           `json:"info"`
	Moved       approval.Moved `json:"moved"`
	Type        string         `json:"type"`

	Lines   []document.SanctionedLine `json:"lines"`
	Changes []document.Change         `json:"changes"`
	Claimed money.Amount              `json:"claimed"`
	Was     money.Amount              `json:"was"`
	Now     money.Amount              `json:"now"`

	Approvers  []approval.Approver `json:"approvers"`
	OrgVersion int64               `json:"org_version"`

	Over []string `json:"over"`

	Agreed []approval.Agreed `json:"agreed"` // who is not asked: they agreed before

	Back string         `json:"back"` // straight, or the step to go straight back to
	Anew *approval.Anew `json:"anew"`

	Maker string `json:"maker"`
	Lost  string `json:"lost"`
}

// several are ids; one alone is told as such where an event names one.
type several []string

// UnmarshalJSON reads a list, or one.
func (s *several) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*s = several{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

// silent are the events that say what their neighbours say already.
var silent = map[string]bool{approval.StepOpened: true, approval.StepPassed: true}

// tones are how the style sheet marks what counts.
var tones = map[string]string{
	approval.TaskWasApproved: "good", approval.DocumentApproved: "good", approval.VoucherPosted: "good",
	approval.DocumentClosed: "good", approval.TaskWasRejected: "bad", approval.DocumentRejected: "bad",
	approval.TaskWasReturned: "warn", approval.DocumentReturned: "warn", approval.DocumentWithdrawn: "warn",
	approval.VoucherParked: "bad", approval.PlanFailed: "bad", approval.TaskOverdue: "warn",
	approval.DocumentSanctioned: "warn", approval.DocumentAmended: "warn",
	approval.TaskWasReassigned: "warn", approval.StepJumped: "warn", approval.PlanDiscarded: "warn",
	approval.ClockReleased: "warn", approval.DocumentVoided: "bad",
	approval.TaskWasEscalated: "warn", approval.TaskWasHandedOver: "warn",
	reversal.WasRequested: "warn", reversal.WasPosted: "warn", reversal.WasParked: "bad",
	approval.StepReopened: "warn", approval.TaskWasRetracted: "warn",
}

// timeline tells the events of a document in order.
func (v *visit) timeline(events []evidence.Event, entity string) []moment {
	titles, kind := map[string]string{}, ""
	moments := make([]moment, 0, len(events))
	for _, e := range events {
		data, err := approval.Decode[told](e)
		if err != nil {
			slog.ErrorContext(v.r.Context(), "event not shown", "event", e.Seq, "stream", e.Stream, "error", err)
			continue
		}
		for _, step := range data.Plan.Steps {
			titles[step.ID] = i18n.Pick(step.Title, v.locale)
		}
		if silent[e.Kind] && len(data.Agreed) == 0 {
			continue
		}
		kind = cmp.Or(data.Type, kind)
		m := v.moment(e, data, titles)
		if len(data.Lines)+len(data.Changes) > 0 {
			m.Details = v.patchWords(data, v.kindOf(kind))
		}
		m.At, m.Tone = v.stamp(e.At, entity), tones[e.Kind]
		m.Seq, m.Hash, m.Cause = e.Seq, e.Hash, e.Cause
		if strings.HasPrefix(e.Stream, reversal.StreamPrefix) {
			m.Seq = 0 // a number of its own stream, not of the document's
		}
		if data.Moved.Recounted {
			m.Quote = v.t("page.event.recounted",
				"was", v.stamp(data.Moved.Was, entity).Text, "due", v.stamp(data.DueAt, entity).Text)
		}
		moments = append(moments, m)
	}
	return moments
}

// markPasskeys marks what was signed with a passkey, where a plan ever asked for one.
func (v *visit) markPasskeys(moments []moment, events []evidence.Event, id string) error {
	asked := slices.ContainsFunc(events, func(e evidence.Event) bool {
		data, err := approval.Decode[told](e)
		return err == nil && data.Plan.Passkey
	})
	if !asked {
		return nil
	}
	acts, err := v.desk().SignedWithPasskey(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	for i := range moments {
		moments[i].Passkey = slices.Contains(acts, moments[i].Cause)
	}
	return nil
}

// backWith is who sent a document back to its applicant last, and what they said at it:
// what is to be mended.
func (v *visit) backWith(events []evidence.Event) *remarkBack {
	for _, e := range slices.Backward(events) {
		if e.Kind != approval.TaskWasReturned {
			continue
		}
		data, err := approval.Decode[told](e)
		if err != nil || data.Opinion == "" {
			return nil
		}
		return &remarkBack{Who: v.actor(e), Text: data.Opinion}
	}
	return nil
}

// remarkBack is what somebody said who sent a document back.
type remarkBack struct{ Who, Text string }

func (v *visit) approvers(of []approval.Approver) string {
	people := make([]string, len(of))
	for i, a := range of {
		people[i] = a.Person
	}
	return v.names(people)
}

func (v *visit) moment(e evidence.Event, data told, titles map[string]string) moment {
	step := titles[data.Step]
	if step == "" {
		step = data.Step
	}
	args := []string{
		"who", v.actor(e), "step", step, "assignee", v.name(data.Assignee), "number", data.Number,
		"to", v.names(data.To), "n", strconv.Itoa(data.N), "date", shownDate(v.locale, data.Date),
		"revision", strconv.Itoa(e.Revision), "round", strconv.Itoa(e.Round), "steps", strconv.Itoa(len(data.Plan.Steps)),
		"person", v.name(data.Person), "where", v.optional("signed."+data.Where, ""),
		"claimed", shownMoney(data.Claimed), "was", shownMoney(data.Was), "now", shownMoney(data.Now),
		"approvers", v.approvers(data.Approvers), "agreed", v.spared(data.Agreed), "over", v.titled(data.Over, titles),
		"back", cmp.Or(titles[data.Back], data.Back),
		"policy", v.policyTitle(data.Plan.Policy), "version", strconv.Itoa(data.Plan.PolicyVersion),
	}
	words, quote := v.said(e, data)
	m := moment{Text: v.optionalArgs("page.event."+e.Kind+words, e.Kind, args...), Quote: quote}
	if data.Maker != "" {
		m.Text += " " + v.t("page.intervened.by", "maker", v.name(data.Maker))
	}
	return m
}

// said is which of an event's texts tells it, as the end of its key, and what
// somebody said at it.
func (v *visit) said(e evidence.Event, data told) (words, quote string) {
	switch e.Kind {
	case approval.DocumentReturned:
		return ending(data.Back != "", ".straight"), ""
	case approval.PlanMade:
		return "", v.anew(data.Anew)
	case approval.DocumentClosed, approval.TaskWasExpired:
		return "." + data.Reason, ""
	case approval.VoucherResolved:
		return "." + data.Ruling, data.Detail
	case reversal.WasResolved:
		return "." + data.Ruling, data.Opinion
	case reversal.WasRequested, reversal.WasRefused:
		return "", data.Reason
	case approval.VoucherParked, approval.PlanFailed, reversal.WasParked:
		return "", v.codeText(data.Code, data.Detail, data.Date)
	case approval.StepJumped:
		return ending(len(data.Over) > 0, ".over"), data.Reason
	case approval.StepStaffed:
		return ending(data.OrgVersion == 0, ".chosen"), v.codeText(data.Code, "", "")
	case approval.ClockResumed, approval.ClockStopped:
		if e.Kind == approval.ClockResumed && e.Actor == approval.SystemDirectory {
			return ".left", data.Reason
		}
		return ending(data.Info, ".info"), data.Reason
	case approval.TaskWasHandedOver:
		if data.Lost != "" {
			return cmp.Or(ending(len(data.To) == 0, ".role_ended"), ".role"), ""
		}
		return ending(len(data.To) == 0, ".ended"), ""
	case approval.TaskWasRescheduled:
		if data.Moved.Recounted {
			return ".recounted", data.Moved.Reason
		}
		if data.Moved.Extra.IsZero() {
			return ".resumed", data.Moved.Reason
		}
		return ending(e.Actor == data.Assignee, ".own"), data.Moved.Reason
	case approval.TaskWasReassigned:
		return ending(e.Actor == data.Assignee, ".own"), data.Opinion
	case approval.DocumentWithdrawn, approval.DocumentResubmitted, approval.PlanResolved, approval.DocumentVoided,
		approval.PlanDiscarded, approval.ClockReleased:
		return "", data.Reason
	case approval.StepAutoApproved, approval.StepSkipped:
		return "", v.because(data.Reason)
	case approval.TaskWasSuperseded:
		return "", "" // whose act ended it says why
	}
	return "", data.Opinion
}

func ending(holds bool, words string) string {
	if holds {
		return words
	}
	return ""
}

// titled lists steps by their titles.
func (v *visit) titled(steps []string, titles map[string]string) string {
	named := make([]string, len(steps))
	for i, step := range steps {
		if named[i] = titles[step]; named[i] == "" {
			named[i] = step
		}
	}
	return strings.Join(named, v.t("page.comma"))
}

// actor is who did it, and for whom.
func (v *visit) actor(e evidence.Event) string {
	who := v.name(e.Actor)
	if e.OnBehalfOf == "" || e.OnBehalfOf == e.Actor {
		return who
	}
	return v.t("page.who.on_behalf", "who", who, "of", v.name(e.OnBehalfOf))
}

// optionalArgs is optional with arguments.
func (v *visit) optionalArgs(key, other string, args ...string) string {
	if i18n.Shipped().Has(i18n.English, key) {
		return v.t(key, args...)
	}
	return other
}

// optionalCount is a text about a number; one has a key of its own.
func (v *visit) optionalCount(key string, n int64, other string) string {
	if n == 1 && i18n.Shipped().Has(v.locale, key+".one") {
		key += ".one"
	}
	return v.optionalArgs(key, other, "n", strconv.FormatInt(n, 10))
}
