package api

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"handrail/internal/errs"
)

//go:embed pages/*.tmpl
var pages embed.FS

// widgetScript serves the widget. Pages of any site load it, so the copy they cache must not be stale for long.
func (s *Server) widgetScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Set("Cache-Control", "public, max-age=300")
	s.file(w, r, s.c.Widget, "widget.js")
}

// console serves the agent console: its files, and its start page for every other path below /console/.
func (s *Server) console(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/console")
	name = strings.TrimPrefix(name, "/")
	if _, err := fs.Stat(s.c.Console, name); name == "" || err != nil {
		w.Header().Set("Cache-Control", "no-cache")
		s.file(w, r, s.c.Console, "index.html")
		return
	}
	if strings.HasPrefix(name, "assets/") { // their names hold a hash of their content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	s.file(w, r, s.c.Console, name)
}

func (s *Server) file(w http.ResponseWriter, r *http.Request, files fs.FS, name string) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		s.writeProblem(w, r, errs.Wrap(err, errs.Unavailable, "%s is not part of this build: run `make web`, then build again", name))
		return
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

type docsPage struct {
	Version    string
	Operations []docsOperation
}

type docsOperation struct {
	Method, Path, Summary, Description string
	Parameters                         []*huma.Param
}

// docs renders the OpenAPI document as a plain page that needs no script and loads nothing from elsewhere.
func (s *Server) docs(w http.ResponseWriter, r *http.Request) {
	t, err := template.ParseFS(pages, "pages/docs.html.tmpl")
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	page := docsPage{Version: s.c.Version}
	for _, p := range slices.Sorted(maps.Keys(s.openapi.Paths)) {
		item := s.openapi.Paths[p]
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				page.Operations = append(page.Operations, docsOperation{Method: op.Method, Path: p, Summary: op.Summary,
					Description: op.Description, Parameters: op.Parameters})
			}
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := t.Execute(w, page); err != nil {
		s.logFailure(r.Context(), err)
	}
}

// livez says that the process runs.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]string{"status": "ok", "version": s.c.Version})
}

// readyz says that the process can do its work: it reaches its database.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.c.DB.Ping(ctx); err != nil {
		s.writeProblem(w, r, err)
		return
	}
	writeJSON(w, map[string]string{"status": "ready", "database": "ok"})
}
