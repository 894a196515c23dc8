package ingest

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// tooNested finds lists and quotations deeper than any reader follows, on which the parser would spend its time.
var tooNested = regexp.MustCompile(`(?m)^(?:[ \t]*>){100}|^[ \t]{400,}(?:[-*+]|\d+[.)]) `)

// loadMarkdown reads Markdown as documentation sites write it: front matter, macros of the site generator, embedded
// HTML. The title is the front matter's, else the first heading of level one.
func loadMarkdown(src string) (page, error) {
	if tooNested.MatchString(src) {
		return page{}, tooDeep()
	}
	meta, body := frontMatter(src)
	w := newMarkdown()
	w.title = flat(plain(expand(meta.title, meta)))
	w.write(expand(body, meta), 0)
	p := w.page()
	if len(p.parts) == 0 && meta.description != "" {
		// The summary is all that this document says. Elsewhere it repeats the body and would only be found in its place.
		w.add(paragraph, plain(expand(meta.description, meta)))
		p = w.page()
	}
	p.title, p.url, p.tags = w.title, meta.url, meta.tags
	if len(p.parts) == 0 && meta.found {
		return p, errStub
	}
	return p, nil
}

// markdown turns Markdown into blocks.
type markdown struct {
	builder
	parser parser.Parser
	title  string // of the document; "" until one is found
	h1     bool   // the first heading of level one has passed
}

func newMarkdown() *markdown {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote))
	return &markdown{parser: md.Parser()}
}

// write appends the blocks of src. depth counts HTML within Markdown within HTML.
func (w *markdown) write(src string, depth int) {
	b := []byte(src)
	w.blocks(w.parser.Parse(text.NewReader(b)), b, depth)
}

func (w *markdown) blocks(parent ast.Node, src []byte, depth int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n, src, depth)
	}
}

func (w *markdown) block(n ast.Node, src []byte, depth int) {
	switch n := n.(type) {
	case *ast.Heading:
		w.head(n.Level, label(n, src))
	case *ast.Paragraph, *ast.TextBlock:
		w.paragraph(n, src)
	case *ast.List:
		w.list(n, src)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.add(code, fenced(n, src))
	case *ast.HTMLBlock:
		w.html(n, src, depth)
	case *extast.Table:
		w.table(n, src)
	case *extast.DefinitionList:
		w.definitions(n, src)
	case *ast.ThematicBreak, *ast.LinkReferenceDefinition:
	default:
		w.blocks(n, src, depth)
	}
}

// head appends a heading. The first one of level one is the title of the document, which every passage carries anyway.
func (w *markdown) head(level int, title string) {
	if level == 1 && !w.h1 {
		w.h1 = true
		if w.title == "" {
			w.title = title
		}
		if same(w.title, title) {
			return
		}
	}
	w.heading(level, title)
}

// fenced returns code between fences. The name of its language is for highlighting and is left out.
func fenced(n ast.Node, src []byte) string {
	s := strings.Trim(string(n.Lines().Value(src)), "\n")
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return fence + "\n" + s + "\n" + fence
}

func (w *markdown) definitions(n ast.Node, src []byte) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c.(type) {
		case *extast.DefinitionTerm:
			w.add(paragraph, strings.TrimRight(inline(c, src), ":：")+":")
		default:
			w.blocks(c, src, 1)
		}
	}
}

// plain returns Markdown as one line of text.
func plain(src string) string {
	w := newMarkdown()
	w.h1 = true
	w.write(src, 1)
	var parts []string
	for _, p := range w.parts {
		if p.kind == heading {
			parts = append(parts, p.title)
			continue
		}
		parts = append(parts, w.sb.String()[p.start:p.end])
	}
	return strings.Join(parts, " ")
}
