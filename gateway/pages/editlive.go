package pages

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
)

// assessed is what is said beside a form while it is being filled in. With a script it is
// asked for again after every pause in typing; without one, with every round of the form.
type assessed struct {
	Lines   []liveLine
	Advance string // what is open of the advance chosen, and what is left of it
	Short   bool   // less is open than is settled
	Files   []warning
	Faults  []liveFault // for which it would be refused now
	Warned  string      // which warnings are shown: submitting with them needs no second press
	Route   []stop
	Counted *countedBox
	Back    *wayBack // of a document that was returned to go straight back
	Checked bool     // the route is known
}

// liveLine is what is said beside one line.
type liveLine struct {
	Limit, Over string
	Hard        bool // what is over is refused
	Warnings    []warning
	Noted       string // it claims less than its invoices come to
}

// warning tells of an invoice or a file that is used elsewhere too. Path is its document's,
// where the reader may know of it.
type warning struct{ Text, Path, Link string }

// liveFault is one thing that is wrong, with the line it is in, from 0, or "".
type liveFault struct{ Line, Name, Text string }

// assess says what can be said of a form now.
func (v *visit) assess(e edit, f form) (assessed, error) {
	c, unread := f.content(e.kind)
	a, err := v.desk().Assess(v.r.Context(), v.who, c, e.doc.ID)
	if err != nil {
		return assessed{}, err
	}
	var l assessed
	for i, limit := range a.Limits {
		line := liveLine{}
		if limit != nil {
			line.Limit = v.t("page.live.limit", "limit", shownMoney(limit.Limit))
			if limit.Over.Minor > 0 {
				line.Over = v.t("page.live.over", "limit", shownMoney(limit.Limit), "over", shownMoney(limit.Over))
			}
			line.Hard = hardLimit(e.kind, c.Lines[i].Category)
		}
		l.Lines = append(l.Lines, line)
	}
	for len(l.Lines) < len(f.Lines) {
		l.Lines = append(l.Lines, liveLine{})
	}
	v.warn(&l, a)
	v.remaining(&l, a.Advance, c)
	for _, wrong := range append(unread, a.Faults...) {
		l.Faults = append(l.Faults, v.liveFault(wrong))
	}
	if len(l.Faults) == 0 {
		err = v.preview(&l, e, c)
		l.Checked = err == nil
		if fault.KindOf(err) == fault.Invalid { // a policy that finds no way says so when it is asked for
			err = nil
		}
	}
	return l, err
}

func (v *visit) liveFault(f *fault.Fault) liveFault {
	field := fieldOf(f)
	if m := lineField.FindStringSubmatch(field); m != nil {
		return liveFault{m[1], m[2], v.faultText(f)}
	}
	return liveFault{"", strings.ReplaceAll(field, ".", "-"), v.faultText(f)}
}

// warn puts every reuse beside its line, or beside the files of the document itself, and
// beside a line what its invoices come to where it claims something else.
func (v *visit) warn(l *assessed, a desk.Assessment) {
	var keys []string
	for _, held := range a.Invoiced {
		line := &l.Lines[held.Line]
		if text := v.invoiced(held); held.Over.Sign() > 0 {
			line.Warnings = append(line.Warnings, warning{Text: text})
			keys = append(keys, "lines["+strconv.Itoa(held.Line)+"].amount "+held.Over.Text())
		} else {
			line.Noted = text
		}
	}
	for _, r := range a.Reused {
		keys = append(keys, r.Place.Field()+" "+r.Place.Key())
		w := v.warning(r)
		if at := r.Place.Line; at >= 0 && at < len(l.Lines) {
			l.Lines[at].Warnings = append(l.Lines[at].Warnings, w)
		} else {
			l.Files = append(l.Files, w)
		}
	}
	slices.Sort(keys)
	l.Warned = strings.Join(keys, "; ")
}

// invoiced says what a line's invoices come to.
func (v *visit) invoiced(held document.Invoiced) string {
	if held.Over.Sign() > 0 {
		return v.t("page.live.invoiced.over", "sum", shownMoney(held.Sum), "over", shownMoney(held.Over))
	}
	return v.t("page.live.invoiced.under", "sum", shownMoney(held.Sum), "under", shownMoney(held.Under))
}

// warned puts the same warnings before whoever reads the document.
func (v *visit) warned(view *documentView) error {
	invoiced, err := v.desk().Invoiced(v.r.Context(), view.Content)
	if err != nil {
		return err
	}
	for _, held := range invoiced {
		line, text := &view.Lines[held.Line], v.invoiced(held)
		if held.Over.Sign() <= 0 {
			line.Noted = text
			continue
		}
		line.Warnings = append(line.Warnings, warning{Text: text})
		text = v.t("page.live.on_line", "n", strconv.Itoa(held.Line+1), "text", text)
		view.Warned = append(view.Warned, warning{Text: text})
	}
	reused, err := v.desk().ReusedIn(v.r.Context(), v.who, view.Document)
	for _, r := range reused {
		w := v.warning(r)
		if at := r.Place.Line; at >= 0 {
			view.Lines[at].Warnings = append(view.Lines[at].Warnings, w)
			w.Text = v.t("page.live.on_line", "n", strconv.Itoa(at+1), "text", w.Text)
		} else {
			view.FileWarnings = append(view.FileWarnings, w)
		}
		view.Warned = append(view.Warned, w)
	}
	return err
}

func (v *visit) warning(r desk.Reuse) warning {
	what, name := "file", r.Place.File.Name
	if r.Place.Invoice != "" {
		what, name = "invoice", r.Place.Invoice
	}
	switch {
	case r.Twin != nil && r.Twin.Line < 0:
		return warning{Text: v.t("page.live."+what+".here", "name", name)}
	case r.Twin != nil:
		return warning{Text: v.t("page.live."+what+".line", "name", name, "n", strconv.Itoa(r.Twin.Line+1))}
	case r.Of.Document == "":
		return warning{Text: v.t("page.live."+what+".other", "name", name)}
	}
	return warning{Text: v.t("page.live."+what+".used", "name", name), Path: documentAt(r.Of.Document),
		Link: strings.TrimSpace(r.Of.Number + " " + r.Of.Title)}
}

// remaining tells what is left of the advance that is chosen.
func (v *visit) remaining(l *assessed, a *document.Advance, c document.Content) {
	if a == nil || c.Offset == nil {
		return
	}
	settled := c.Offset.Amount
	if settled.Currency == "" {
		settled = money.Zero(a.Open.Currency)
	}
	left, err := a.Open.Sub(settled)
	if err != nil {
		l.Advance = v.t("page.live.advance.open", "open", shownMoney(a.Open))
		return
	}
	l.Advance, l.Short = v.t("page.live.advance", "open", shownMoney(a.Open), "left", shownMoney(left)), left.Minor < 0
}

// checked handles the button and the script that ask what can be said by now: only
// that is answered, for the page to put in its places.
func (v *visit) checked(e edit, f form) error {
	l, err := v.assess(e, f)
	if err != nil {
		return err
	}
	return v.fragment(http.StatusOK, "assessed", l)
}

// fragment answers with a part of a page, under the same guard as a page.
func (v *visit) fragment(status int, name string, data any) error {
	var part bytes.Buffer
	if err := v.pages.shelf.templates[v.locale].ExecuteTemplate(&part, name, data); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", csp)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(status)
	_, _ = part.WriteTo(v.w) // the reader went away
	return nil
}

// preview is the route that the content of a form would take now, by when each step is
// decided at the latest, and what would be counted beside it.
func (v *visit) preview(l *assessed, e edit, c document.Content) error {
	ctx := v.r.Context()
	plan, err := v.desk().Preview(ctx, v.who, c, e.doc.ID)
	if err != nil {
		return err
	}
	l.Route = v.routeOf(&plan, approval.State{})
	var way desk.WayBack
	if e.mode == modeReturned {
		if way, err = v.desk().WayBack(ctx, v.who, e.doc, c, plan); err != nil {
			return err
		}
		l.Back = v.wayBack(way, &plan)
		stand(l.Route, way.Kept)
	}
	latest, err := v.desk().Latest(ctx, way.Ahead(plan))
	if err != nil {
		return err
	}
	v.timed(l.Route, func(step string) (stamp, bool) {
		return v.stamp(latest[step].At, c.Entity), latest[step].Provisional
	})
	l.Counted, err = v.countedBox(plan.Counted)
	return err
}

// timed writes at every stop by when it is decided at the latest.
func (v *visit) timed(stops []stop, latest func(step string) (stamp, bool)) {
	for i := range stops {
		at, provisional := latest(stops[i].Step)
		switch {
		case at.Text == "":
		case provisional:
			stops[i].Latest = v.t("page.live.latest.provisional", "at", at.Text)
		default:
			stops[i].Latest = v.t("page.live.latest", "at", at.Text)
		}
		for _, branch := range stops[i].Branches {
			v.timed(branch.Stops, latest)
		}
	}
}
