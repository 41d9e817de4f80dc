package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

const (
	auditAt       = "/audit"
	checkpointsAt = auditAt + "/checkpoints"
)

// auditorRoutes lists the pages of whoever audits.
func auditorRoutes() []route {
	get := http.MethodGet
	return []route{
		{method: get, path: auditAt, needs: access.AuditRead, nav: "page.nav.audit", template: "audit", handle: audit},
		{method: get, path: auditAt + "/export", needs: access.AuditRead, template: "audit", handle: exportAudit},
		{method: get, path: checkpointsAt, needs: access.AuditRead, template: "checkpoints", handle: checkpoints},
	}
}

// auditView is a search through the record and what it found.
type auditView struct {
	Person, Kind, Number, Type, Entity, From, Until, Cause string

	Kinds, Types, Entities []choice

	Rows  []recordRow
	Asked bool // something narrows it
	Whole bool // the reader audits the whole group, rules and people among it
	Next  string
	CSV   string // address of the same as a file
	Lines string
	Most  string // how many events a file holds
	Fault string
	Field string // that is at fault
	Zone  string
}

// Wrong says whether a field is the one at fault.
func (a auditView) Wrong(field string) bool { return a.Fault != "" && a.Field == field }

// recordRow is one event in words, with its evidence.
type recordRow struct {
	At             stamp
	Who, What, For string
	Quote          string
	Details        []string
	Document       string // address, "" where it is about none
	Number, Title  string
	Proof          string

	Kind, Stream, Cause, Content, Hash, Data string

	Seq             int64
	Round, Revision int
}

// auditFields are the fields of the search, as its addresses have them.
var auditFields = []string{"person", "kind", "number", "type", "entity", "from", "until", "cause"}

func (v *visit) recordSearch() desk.RecordSearch {
	return desk.RecordSearch{
		Kind: v.asked("kind"), FromDay: v.asked("from"), UntilDay: v.asked("until"),
		RecordFilter: store.RecordFilter{
			Person: cutQuery(v.asked("person")), Number: strings.ToUpper(cutQuery(v.asked("number"))),
			Type:   cutQuery(v.asked("type")),
			Entity: cutQuery(v.asked("entity")), Cause: cutQuery(v.asked("cause")), Cursor: v.asked("cursor"),
		},
	}
}

// audit handles GET /audit: who decided what, when and on which content.
func audit(v *visit) error {
	in := v.recordSearch()
	view := auditView{
		Person: v.asked("person"), Kind: in.Kind, Number: in.Number, Type: in.Type, Entity: in.Entity, From: in.FromDay,
		Until: in.UntilDay, Cause: in.Cause, Most: grouped(strconv.Itoa(desk.RecordExportMost)),
		Whole: access.ScopeFor(v.who.Subject, access.AuditRead).All, Zone: v.zone(v.who.Person.Entity).String(),
	}
	var err error
	if view.Entities, view.Types, err = v.choicesFor(access.AuditRead); err != nil {
		return err
	}
	for _, kind := range desk.RecordKinds() {
		view.Kinds = append(view.Kinds, choice{kind, v.t("page.audit.kind." + kind)})
	}
	query := url.Values{}
	for _, name := range auditFields {
		if value := v.asked(name); value != "" {
			query.Set(name, value)
			view.Asked = true
		}
	}
	view.CSV = auditAt + "/export?" + with(query, "format", formatCSV)
	view.Lines = auditAt + "/export?" + with(query, "format", formatLines)
	page, err := v.desk().SearchRecord(v.r.Context(), v.who, in)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		view.Fault, view.Field = v.faultText(f), f.Field
		return v.show(http.StatusUnprocessableEntity, v.t("page.audit.title"), view)
	}
	if err != nil {
		return err
	}
	for _, e := range page.Items {
		view.Rows = append(view.Rows, v.recordRow(e))
	}
	view.Next = nextAt(auditAt, query, page.Next)
	return v.show(http.StatusOK, v.t("page.audit.title"), view)
}

// with is a query with one more value.
func with(query url.Values, name, value string) string {
	more := url.Values{name: {value}}
	for key, values := range query {
		more[key] = values
	}
	return more.Encode()
}

func (v *visit) recordRow(e store.RecordedEvent) recordRow {
	row := recordRow{
		At: v.stamp(e.At, v.who.Person.Entity), Who: v.name(e.Actor), Number: e.Number, Title: e.Title, Kind: e.Kind,
		Stream: e.Stream, Seq: e.Seq, Cause: e.Cause, Content: e.ContentHash, Hash: e.Hash, Data: string(e.Data),
		Round: e.Round, Revision: e.Revision,
	}
	if e.OnBehalfOf != "" && e.OnBehalfOf != e.Actor {
		row.For = v.name(e.OnBehalfOf)
	}
	if e.Document != "" {
		row.Document, row.Proof = documentAt(e.Document), documentAt(e.Document)+"/proof"
	}
	data, err := approval.Decode[told](e.Event)
	if err != nil || e.Stream != e.Document {
		row.What = v.optionalArgs("page.record."+e.Kind, e.Kind,
			"who", cmp.Or(row.Who, v.t("page.policies.shipped")), "stream", v.streamWords(e.Event))
		return row
	}
	step := i18n.Pick(e.StepTitle, v.locale)
	m := v.moment(e.Event, data, map[string]string{data.Step: step})
	row.What, row.Quote = m.Text, m.Quote
	opened := e.Kind == approval.StepOpened && len(data.Agreed) == 0 // the timeline tells it only of whom it spares
	if row.What == e.Kind || opened {
		row.What = v.optionalArgs("page.record."+e.Kind, e.Kind, "step", cmp.Or(step, data.Step))
	}
	if len(data.Lines)+len(data.Changes) > 0 {
		row.Details = v.patchWords(data, v.kindOf(e.Type))
	}
	return row
}

// streamWords is what an event that is about no document is about: somebody, or a text and
// its version; the chain's own name where it is neither.
func (v *visit) streamWords(e evidence.Event) string {
	chain, id, _ := strings.Cut(e.Stream, ":")
	var data struct {
		Kind    string `json:"kind"`
		Version int    `json:"version"`
	}
	if chain == "policy" && json.Unmarshal(e.Data, &data) == nil && data.Kind != "" {
		text := v.t("page.policies.of", "what", v.t("what."+data.Kind), "id", id)
		if data.Version > 0 {
			text += v.t("page.comma") + v.t("page.policies.version_n", "n", strconv.Itoa(data.Version))
		}
		return text
	}
	if name := v.name(id); name != id {
		return name
	}
	return e.Stream
}

// checkpointRow is one signed statement of the heads of all chains.
type checkpointRow struct {
	N                  int64
	At                 stamp
	Hash, Predecessor  string
	KeyID, FileCommand string
}

// checkpoints handles GET /audit/checkpoints: what proves that the record was not
// rewritten, and how to look oneself.
func checkpoints(v *visit) error {
	list, err := v.desk().Checkpoints(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	view := struct{ Rows []checkpointRow }{}
	for _, c := range list {
		view.Rows = append(view.Rows, checkpointRow{
			N: c.N, At: v.stamp(c.At, v.who.Person.Entity), Hash: c.Hash, Predecessor: c.Predecessor, KeyID: c.Signature.KeyID,
		})
	}
	return v.show(http.StatusOK, v.t("page.audit.title"), view)
}

// The formats of an export.
const (
	formatCSV   = "csv"
	formatLines = "jsonl"
)

// exportAudit handles GET /audit/export: what a search finds, as a file.
func exportAudit(v *visit) error {
	write, media, name := desk.WriteRecordCSV, "text/csv; charset=utf-8", "audit.csv"
	if v.asked("format") == formatLines {
		write, media, name = desk.WriteRecordLines, desk.FormatLines, "audit.jsonl"
	}
	out := &lateHeaders{w: v.w, media: media, name: name}
	err := write(out, func(each func([]store.RecordedEvent) error) error {
		return v.desk().ExportRecord(v.r.Context(), v.who, v.recordSearch(), each)
	})
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // a file that ends early must not look whole
	}
	return err
}

// lateHeaders says that a file follows once there is something of it: what fails
// before is an error page.
type lateHeaders struct {
	w           http.ResponseWriter
	media, name string
	begun       bool
}

// Write is http.ResponseWriter's.
func (l *lateHeaders) Write(part []byte) (int, error) {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", l.media)
		h.Set("Content-Disposition", `attachment; filename="`+l.name+`"`)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
	}
	return l.w.Write(part)
}
