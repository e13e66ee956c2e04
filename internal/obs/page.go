package obs

import (
	"bytes"
	"html/template"
	"net/http"
	"time"
)

// page is what an operator sees first.
type page struct {
	about About
	build build
	ready *Ready
}

const pageText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{{.Role}} {{.Node}}</title>
<h1>Rostrum {{.Role}}</h1>
<table>
<tr><th align="left">node<td>{{.Node}}
<tr><th align="left">region<td>{{.Region}}
<tr><th align="left">version<td>{{.Version}}, revision {{.Revision}}{{if .Modified}} with changes{{end}}, {{.Go}}
<tr><th align="left">up<td>{{.Up}}, since {{.Since}}
<tr><th align="left">ready<td>{{range .Waiting}}no: {{.}}<br>{{else}}yes{{end}}
</table>
<p><a href="metrics">metrics</a> · <a href="healthz">health</a> · <a href="readyz">readiness</a> · <a href="debug/pprof/">profiles</a>
</html>
`

func (p page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	text, err := template.New("operator").Parse(pageText)
	var out bytes.Buffer
	if err == nil {
		err = text.Execute(&out, map[string]any{
			"Role": p.about.Role, "Node": p.about.Node, "Region": p.about.Region,
			"Version": p.build.version, "Revision": p.build.revision, "Modified": p.build.modified, "Go": p.build.language,
			"Up":    time.Since(p.about.Started).Round(time.Second),
			"Since": p.about.Started.UTC().Format(time.RFC3339), "Waiting": p.ready.reasons(),
		})
	}
	if err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(out.Bytes()) // who left is not told
}
