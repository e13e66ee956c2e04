// Package web owns the browser client: the built files under dist, embedded, and how they are served.
//
// The sources are in src; go run ./web/build makes dist from them.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed dist
var dist embed.FS

// types are all kinds of file in dist. They are named here, since the tables of machines differ.
var types = map[string]string{
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
}

// policy lets the page load nothing but itself, and speak to any edge and gateway that it is told of. Sound comes from
// any edge; blob: is the silent loop that keeps a phone's media session.
const policy = "default-src 'self'; connect-src 'self' ws: wss: http: https:; media-src 'self' blob: http: https:; " +
	"img-src 'self' data:; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is one file of dist, ready to be served.
type page struct {
	name, etag, kind string
	content          []byte
}

// Handler serves the client: the page itself at /, its files beside it, and 404 for every other path.
func Handler() http.Handler {
	pages := map[string]page{}
	for _, p := range load() {
		pages["/"+p.name] = p
	}
	pages["/"] = pages["/index.html"]

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := pages[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		default:
			p.serve(w, r)
		}
	})
}

func (p page) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.kind)
	h.Set("ETag", p.etag)
	h.Set("Cache-Control", "no-cache") // kept, and asked about each time: names carry no version
	h.Set("Content-Security-Policy", policy)
	h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.content))
}

// load reads the embedded files. It cannot fail: they are part of the program.
func load() []page {
	var pages []page
	fs.WalkDir(dist, "dist", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := dist.ReadFile(name)
		sum := sha256.Sum256(content)
		pages = append(pages, page{
			name: strings.TrimPrefix(name, "dist/"), etag: `"` + hex.EncodeToString(sum[:12]) + `"`,
			kind: types[path.Ext(name)], content: content,
		})
		return err
	})
	return pages
}
