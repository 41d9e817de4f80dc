package pages

import (
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

type noticesView struct {
	Rows []noticeRow
	Next string

	Log      bool   // the reader may see how others were told
	Held     string // how many wait for the digest; "" for none
	Messages []messageRow
}

// messageRow is one message to the reader: one notice, or several.
type messageRow struct {
	Text, Failure string

	At stamp
}

type noticeRow struct {
	Text, Reason, Number, Path, By, To string

	At  stamp
	Due deadline
}

// notices handles GET /notices: what the reader was told.
func notices(v *visit) error {
	page, err := v.desk().Notices(v.r.Context(), v.who, v.asked("cursor"))
	if err != nil {
		return err
	}
	view := noticesView{Next: nextAt("/notices", url.Values{}, page.Next),
		Log: access.Has(v.who.Subject, access.DeliveryRead)}
	for _, n := range page.Items {
		view.Rows = append(view.Rows, v.noticeRow(n))
	}
	if v.asked("cursor") == "" {
		if err := v.messages(&view); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, v.t("page.notices.title"), view)
}

// messages shows how the reader was told of late, by which channel and with what success.
func (v *visit) messages(view *noticesView) error {
	latest, held, err := v.desk().Messages(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	if held > 0 {
		view.Held = v.t("page.notices.held", "n", strconv.Itoa(held))
	}
	for _, d := range latest {
		words := []string{v.t("page.notices.shape."+d.Shape, "n", strconv.Itoa(len(d.Notices)))}
		if d.Channel != "" {
			words = append(words, v.t("page.notices.channel."+string(d.Channel)))
		}
		row := messageRow{Text: strings.Join(append(words, v.t("page.notices.state."+d.State)), " · "),
			At: v.stamp(d.MadeAt, v.who.Person.Entity)}
		if d.State == store.DeliveryFailed {
			row.Failure = v.t("page.notices.mend")
		}
		view.Messages = append(view.Messages, row)
	}
	return nil
}

func (v *visit) noticeRow(n store.Notice) noticeRow {
	row := noticeRow{
		Text:   i18n.Shipped().Text(v.locale, "notice."+n.Kind+".subject", v.named(n.Data)),
		Number: n.Data["number"], Path: n.Path(), At: v.stamp(n.CreatedAt, v.who.Person.Entity),
	}
	expired := n.Kind == notice.ProposalExpired || n.Kind == notice.InterventionExpired // nobody did that
	if by := n.Data["by"]; by != "" && !expired {
		row.By = v.name(by)
	}
	if to := n.Data["to"]; to != "" {
		row.To = v.names(strings.Split(to, ","))
	}
	if reason := n.Data["reason"]; reason != "" {
		row.Reason = v.optional("reason."+reason, reason)
	}
	if code := n.Data["code"]; code != "" {
		row.Reason = v.codeText(code, n.Data["detail"], n.Data["date"])
	}
	if due, err := time.Parse(time.RFC3339, n.Data["due_at"]); err == nil {
		row.Due = v.due(due, v.who.Person.Entity)
	}
	return row
}

// named is a notice's data with the people in it by name.
func (v *visit) named(data map[string]string) map[string]string {
	words := maps.Clone(data)
	for _, key := range []string{"by", "for", "to", "person", "delegate"} {
		if words[key] != "" {
			words[key] = v.names(strings.Split(words[key], ","))
		}
	}
	if what := words["what"]; what != "" {
		words["what"] = v.optional("what."+what, what)
	}
	return words
}
