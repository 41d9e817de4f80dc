package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
)

const sourcesAt = "/inbound-sources"

type sourcesView struct {
	Tabs     financeTabs
	Messages bool // the reader may see what they sent
	Wrong    string
	Rows     []sourceRow
}

// sourceRow is one source in words.
type sourceRow struct {
	ID, Title, Kind, Account, Books, When string

	Read, Took, Next, Newest, AskedAt stamp

	Why       string // the last reading failed
	TookCount string
	AskedBy   string
	Asks      bool // we ask it ourselves
	Paused    bool
	May       bool // the reader may have it read
	Key       string
	Counts    []sourceCount
}

// sourceCount is how many messages are in a state, and where they are listed.
type sourceCount struct {
	State, At string
	N         int
}

// inboundSources handles GET /inbound-sources: the systems that may start documents, and
// how they are doing.
func inboundSources(v *visit) error { return v.sources(http.StatusOK, "") }

func (v *visit) sources(status int, wrong string) error {
	view := sourcesView{Wrong: wrong, Messages: access.Has(v.who.Subject, access.InboundRead)}
	var err error
	if view.Tabs, err = v.financeTabs("inbound"); err != nil {
		return err
	}
	all, err := v.desk().InboundSources(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	for _, s := range all {
		view.Rows = append(view.Rows, v.sourceRow(s, view.Messages))
	}
	return v.show(status, v.t("page.sources.title"), view)
}

func (v *visit) sourceRow(s desk.ReadSource, messages bool) sourceRow {
	zone, id := v.who.Person.Entity, s.ID
	row := sourceRow{ID: id, Title: cmp.Or(s.Title, id), Kind: v.t("inbound.kind." + s.Kind), Account: v.name(s.Account),
		Books: v.t("inbound.every_entity"), When: s.When, Asks: s.Asks(), Paused: s.Paused, Key: random(),
		Read: v.stamp(s.ReadAt, zone), Took: v.stamp(s.TookAt, zone), Next: v.stamp(s.Next, zone),
		Newest: v.stamp(s.Count.NewestAt, zone), May: desk.MayReadInbound(v.who, s)}
	if len(s.Entities) > 0 {
		row.Books = v.entities(s.Entities)
	}
	if f := s.Failure(); f != nil {
		row.Why = v.faultText(f)
	}
	if s.Asked.Person != "" {
		row.AskedBy, row.AskedAt = v.name(s.Asked.Person), v.stamp(s.Asked.AskedAt, zone)
	}
	row.TookCount = v.t("inbound.took_items", "items", strconv.Itoa(s.Items))
	if s.Files > 0 {
		row.TookCount = v.t("inbound.took_files", "files", strconv.Itoa(s.Files), "items", strconv.Itoa(s.Items))
	}
	for _, state := range inboundStates {
		n := map[string]int{"received": s.Count.Received, "refused": s.Count.Refused, "submitted": s.Count.Submitted,
			"ignored": s.Count.Ignored}[state]
		one := sourceCount{State: v.t("inbound.state." + state), N: n}
		if messages {
			one.At = inboundAt + "?" + url.Values{"source": {id}, "state": {state}}.Encode()
		}
		row.Counts = append(row.Counts, one)
	}
	return row
}

// readSource handles POST /inbound-sources/:source/readings: somebody has it read now.
func readSource(v *visit) error {
	id := v.param("source")
	over, err := v.desk().ReadInbound(v.r.Context(), v.who, id, v.key("read-source", id))
	f, ok := fault.As(err)
	switch {
	case ok && (f.Kind == fault.Busy || f.Kind == fault.Conflict):
		return v.sources(http.StatusUnprocessableEntity, v.faultText(f))
	case err != nil:
		return err
	case over:
		return v.leave(sourcesAt, "source-read")
	}
	return v.leave(sourcesAt, "source-reading")
}
