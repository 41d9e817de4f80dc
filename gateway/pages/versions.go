package pages

import (
	"net/http"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
)

// versionsView is the contents of a document, and what two of them say differently.
type versionsView struct {
	ID, Number, Title string

	Versions []versionRow
	From, To int
	Fields   []difference
	Lines    []lineDifference
	Same     bool
}

// versionRow is one content: whose it is, and why it came to be.
type versionRow struct {
	N     int
	By    string
	How   string // submitted, resubmitted, sanctioned or amended
	Why   string
	At    stamp
	Hash  string
	Total string
}

// howVersions came about, by the kind of event.
var howVersions = map[string]string{
	approval.DocumentSubmitted: "submitted", approval.DocumentResubmitted: "resubmitted",
	approval.DocumentSanctioned: "sanctioned", approval.DocumentAmended: "amended",
}

// showVersions handles GET /documents/:id/versions?from=1&to=2; as it is, the last two.
func showVersions(v *visit) error {
	detail, versions, err := v.desk().Contents(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	if detail.Status == approval.Draft {
		return v.leave(documentAt(detail.ID)+"/edit", "")
	}
	events, err := v.desk().Events(v.r.Context(), v.who, detail.ID)
	if err != nil {
		return err
	}
	view := versionsView{
		ID: detail.ID, Number: detail.Number, Title: detail.Title, From: max(len(versions)-1, 1), To: len(versions),
	}
	for name, n := range map[string]*int{"from": &view.From, "to": &view.To} {
		if asked := v.asked(name); asked != "" {
			if *n, err = strconv.Atoi(asked); err != nil || *n < 1 || *n > len(versions) {
				return fault.New(fault.Invalid, "request.bad_value", fault.Field(name))
			}
		}
	}
	view.Versions = v.versionRows(versions, events, detail.Entity)
	kind := v.kindAsked(detail.ID, detail.Type)
	was, now := contentOfVersion(versions, view.From), contentOfVersion(versions, view.To)
	view.Fields, view.Lines = differ(v.cells(kind, was), v.cells(kind, now)), v.lineDifferences(kind, was.Lines, now.Lines)
	view.Same = len(view.Fields)+len(view.Lines) == 0
	return v.show(http.StatusOK, detail.Number, view)
}

func contentOfVersion(versions []desk.Version, n int) document.Content { return versions[n-1].Content }

func (v *visit) versionRows(versions []desk.Version, events []evidence.Event, entity string) []versionRow {
	rows := make([]versionRow, 0, len(versions))
	for i, version := range versions {
		row := versionRow{
			N: i + 1, By: v.name(version.Actor), At: v.stamp(version.At, entity), Hash: version.Hash,
			Total: shownMoney(version.Content.Total),
		}
		for _, e := range events {
			how, makes := howVersions[e.Kind]
			if !makes || e.Revision != version.Revision {
				continue
			}
			row.How, row.By = how, v.actor(e)
			if data, err := approval.Decode[told](e); err == nil {
				row.Why = data.Opinion + data.Reason // an event has one of them
			}
		}
		rows = append(rows, row)
	}
	return rows
}
