package ingest

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"golang.org/x/net/html"
)

var (
	anyTag  = regexp.MustCompile(`(?s)<!--.*?-->|</?[A-Za-z][^<>]*>`)
	silent  = regexp.MustCompile(`(?is)^\s*<(script|style|template|svg|iframe|video)\b`)
	onlyTag = regexp.MustCompile(`(?i)<(img|div|tab|tabitem)\b[^<>]*>`)
)

// deepest is how far HTML within Markdown within HTML is followed.
const deepest = 2

// html appends what stands in a block of HTML. Opening tags alone say nothing, except where they label the tab or show
// the image that follows.
func (w *markdown) html(n *ast.HTMLBlock, src []byte, depth int) {
	raw := string(n.Lines().Value(src))
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(src))
	}
	if silent.MatchString(raw) {
		return
	}
	rest := strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(raw, "")))
	switch {
	case rest == "":
		w.labels(raw)
	case depth >= deepest:
		w.add(paragraph, tidy(rest))
	default:
		w.fragment(raw, depth)
	}
}

func (w *markdown) labels(raw string) {
	for _, t := range onlyTag.FindAllString(raw, -1) {
		if label := attr(t, "label"); label != "" {
			w.add(paragraph, html.UnescapeString(label)+":")
		}
		w.add(paragraph, alt(html.UnescapeString(attr(t, "alt"))))
	}
}

// fragment reads a block that may lack its end, because Markdown ends it at an empty line.
func (w *markdown) fragment(raw string, depth int) {
	doc, err := html.Parse(strings.NewReader(raw))
	if err != nil {
		w.add(paragraph, tidy(anyTag.ReplaceAllString(raw, "")))
		return
	}
	declutter(doc)
	md, err := toMarkdown(doc, nil)
	if err != nil {
		w.add(paragraph, tidy(anyTag.ReplaceAllString(raw, "")))
		return
	}
	w.write(md, depth+1)
}
