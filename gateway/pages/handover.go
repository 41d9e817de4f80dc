package pages

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/desk"
)

const handoverAt = "/handover"

type handoverView struct {
	Person, Name string // whose; "" asks whose
	Active       bool
	Open         int
	Rows         []handoverRow
	Wrong        string
	Directory    bool // may see the directories too
	MayDo        bool
}

type handoverRow struct{ Kind, Document, Number, Title, Fate string }

// showHandover handles GET /handover: what somebody leaves behind, and what becomes of it.
func showHandover(v *visit) error {
	person := v.personNamed(v.asked("person"))
	if person == "" {
		return v.handover(http.StatusOK, desk.Handover{}, "")
	}
	h, err := v.desk().Handover(v.r.Context(), v.who, person)
	if err != nil {
		return err
	}
	return v.handover(http.StatusOK, h, "")
}

// handOver handles POST /handover: what still waits for somebody who left moves on.
func handOver(v *visit) error {
	person := v.personNamed(v.r.PostFormValue("person"))
	if _, err := v.desk().HandOver(v.r.Context(), v.who, person, desk.Key{}); err != nil {
		return err
	}
	return v.leave(handoverAt+"?person="+url.QueryEscape(person), "handover")
}

func (v *visit) handover(status int, h desk.Handover, wrong string) error {
	view := handoverView{Person: h.Person, Active: h.Active, Open: h.Open, Wrong: wrong}
	if h.Person != "" {
		view.Name = v.name(h.Person)
	}
	for _, item := range h.Items {
		if item.Kind == "delegation" {
			item.Title = v.name(item.To)
		}
		view.Rows = append(view.Rows, handoverRow{
			Kind:     v.t("handover.kind."+item.Kind, "n", strconv.Itoa(item.Count)),
			Document: item.Document, Number: item.Number, Title: item.Title,
			Fate: v.t("handover.fate."+item.Fate, "to", v.name(item.To)),
		})
	}
	view.Directory = v.may(access.OrganisationInspect, access.Object{})
	view.MayDo = v.may(access.OrganisationWrite, access.Object{Entity: v.org.People[h.Person].Entity})
	return v.show(status, v.t("page.handover.title"), view)
}
