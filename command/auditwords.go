package command

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/proof"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// verifyWords says what a verification found, in one language.
type verifyWords struct {
	out    io.Writer
	locale string
}

// text is a text of the verification; args are names and values in turn.
func (w verifyWords) text(key string, args ...string) string {
	given := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		given[args[i]] = args[i+1]
	}
	return i18n.Shipped().Text(w.locale, "verify."+key, given)
}

func (w verifyWords) line(key string, args ...string) { fmt.Fprintln(w.out, w.text(key, args...)) }

// finding tells one, with its code and what only its detail tells.
func (w verifyWords) finding(where, code, detail string) {
	w.line("finding", "where", where, "words", w.text("finding."+code), "code", code, "detail", detail)
}

// record tells what was found in the whole record.
func (w verifyWords) record(r store.Report) {
	for _, i := range r.Intervened {
		w.line("intervention", "number", i.Number, "seq", strconv.FormatInt(i.Seq, 10), "what", w.text("kind."+i.Kind),
			"by", i.Actor, "maker", i.Maker, "at", i.At.Format(time.RFC3339))
	}
	for _, f := range r.Findings {
		where := f.Stream
		if f.Seq > 0 {
			where = w.text("at", "stream", f.Stream, "seq", strconv.FormatInt(f.Seq, 10))
		}
		w.finding(where, f.What, f.Detail)
	}
	if r.Stopped {
		w.line("stopped")
	}
	w.line("total", "streams", strconv.FormatInt(r.Streams, 10), "events", strconv.FormatInt(r.Events, 10),
		"acts", strconv.FormatInt(r.Acts, 10), "interventions", strconv.FormatInt(r.Interventions, 10),
		"findings", strconv.Itoa(len(r.Findings)))
}

// bundle tells what was found in the proof of one document.
func (w verifyWords) bundle(r proof.Report, files int) {
	status := "–" // where the events tell none
	if r.Status != "" {
		status = i18n.Shipped().Text(w.locale, "status."+string(r.Status), nil)
	}
	w.line("bundle.document", "number", r.Number, "status", status, "seq", strconv.FormatInt(r.Head.Seq, 10),
		"hash", r.Head.Hash)
	w.line("bundle.word", "word", r.Word)
	for _, k := range r.Keys {
		trust := w.text("bundle.compare")
		if k.Trusted {
			trust = w.text("bundle.known")
		}
		w.line("bundle.key", "id", k.ID, "print", k.Fingerprint, "trust", trust)
	}
	for _, a := range r.Attachments {
		w.line("bundle.file", "sum", a.SHA256, "name", a.Name)
	}
	if r.Withheld > 0 {
		w.line("bundle.withheld", "n", strconv.Itoa(r.Withheld))
	}
	for _, f := range r.Findings {
		where := w.text("bundle.whole")
		if f.Seq > 0 {
			where = w.text("bundle.at", "seq", strconv.FormatInt(f.Seq, 10))
		}
		w.finding(where, f.What, f.Detail)
	}
	w.line("bundle.total", "events", strconv.Itoa(r.Events), "acts", strconv.Itoa(r.Acts),
		"revisions", strconv.Itoa(r.Revisions), "files", strconv.Itoa(files), "findings", strconv.Itoa(len(r.Findings)))
}

// differs is the error of a verification that found something.
func (w verifyWords) differs(key string) error { return errors.New(w.text(key)) }
