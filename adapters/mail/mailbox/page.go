package mailbox

import (
	"html/template"
	"net/http"
)

// ServeHTTP shows the letters; ?to= narrows them to one recipient.
func (m *Mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	view := struct {
		To      string
		Letters []Letter
	}{r.URL.Query().Get("to"), m.Letters(r.URL.Query().Get("to"))}
	if err := index.Execute(w, view); err != nil {
		http.Error(w, "the page could not be written", http.StatusInternalServerError)
	}
}

var index = template.Must(template.New("mailbox").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Mailbox 邮箱</title>
<style>body{font-family:system-ui,sans-serif;max-width:48rem;margin:1rem auto;padding:0 1rem;color:#1d2733}
article{border:1px solid #d5dce4;border-radius:.5rem;padding:.8rem 1rem;margin:.8rem 0}
h1{font-size:1.3rem}h2{font-size:1rem;margin:.2rem 0}small{color:#5a6775}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0 0}</style></head><body>
<h1>Mailbox 邮箱{{if .To}} · {{.To}}{{end}}</h1>
<p><small>Development only: every letter the product sends ends here. 仅用于开发:所有外发邮件都停在这里。</small></p>
{{range .Letters}}<article><h2>{{.Subject}}</h2>
<small>{{range .To}}<a href="?to={{.}}">{{.}}</a> {{end}}· {{.At.Format "2006-01-02 15:04:05"}} UTC</small>
<pre>{{.Text}}</pre></article>
{{else}}<p>Nothing yet. 暂无邮件。</p>{{end}}
</body></html>`))
