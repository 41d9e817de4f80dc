package pages

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

type noticesView struct {
	Rows []noticeRow
	Next string
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
	view := noticesView{Next: nextAt("/notices", url.Values{}, page.Next)}
	for _, n := range page.Items {
		view.Rows = append(view.Rows, v.noticeRow(n))
	}
	return v.show(http.StatusOK, v.t("page.notices.title"), view)
}

func (v *visit) noticeRow(n store.Notice) noticeRow {
	row := noticeRow{
		Text:   i18n.Shipped().Text(v.locale, "notice."+n.Kind+".subject", v.named(n.Data)),
		Number: n.Data["number"], Path: n.Path(), At: v.stamp(n.CreatedAt, v.entityOf(n)),
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
		row.Due = v.due(due, v.entityOf(n))
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

func (v *visit) entityOf(n store.Notice) string {
	if n.Entity != "" {
		return n.Entity
	}
	return v.who.Person.Entity
}
