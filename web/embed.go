// Package web holds the built pages that travel inside the binary: the agents' console and the visitors' widget.
//
// The sources are TypeScript; `npm ci && npm run build` in this folder writes both dist folders. Before the first
// build they hold only a placeholder, so that the Go code compiles on a machine without Node; a request for a page
// then finds no file, and the server answers 404.
//
//	console/dist   index.html and hashed assets, served under /console/
//	widget/dist    widget.js, one file, served at /widget.js
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:console/dist all:widget/dist
var built embed.FS

// Console returns the console's files, index.html at the root. Names under assets/ contain a hash of their content,
// so they may be cached for ever; index.html may not.
func Console() fs.FS { return sub("console/dist") }

// Widget returns the widget's files: widget.js at the root.
func Widget() fs.FS { return sub("widget/dist") }

func sub(dir string) fs.FS {
	files, err := fs.Sub(built, dir)
	if err != nil {
		// fs.Sub refuses malformed paths only, and dir is one of the two constants above.
		panic(err)
	}
	return files
}
