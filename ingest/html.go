package ingest

import (
	"fmt"
	"net/url"
	"strings"

	"codeberg.org/readeck/go-readability"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"handrail/internal/errs"
)

// shortArticle is the length in bytes below which the search for the main content has failed.
const shortArticle = 200

// loadHTML reads a page: its main content, without menus and forms. address is where the page came from, or nil.
func loadHTML(src string, address *url.URL) (page, error) {
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		return page{}, errs.Wrap(err, errs.Invalid, "its elements are nested too deeply to be read: simplify it, or save it as "+
			"plain text")
	}
	w := newMarkdown()
	w.title = pageTitle(doc)
	declutter(doc)
	md, err := toMarkdown(mainContent(doc, address), address)
	if err != nil {
		return page{}, err
	}
	w.write(md, 1)
	p := w.page()
	p.title = w.title
	if address != nil {
		p.url = address.String()
	}
	return p, nil
}

// mainContent returns the part of the page that readers come for. Readability drops parts it takes for clutter; where
// it keeps too little of what the author marked as main, the author wins.
func mainContent(doc *html.Node, address *url.URL) *html.Node {
	whole := find(doc, atom.Body)
	if m := find(doc, atom.Main); m != nil {
		whole = m
	}
	if whole == nil {
		return doc
	}
	if address == nil {
		address = &url.URL{}
	}
	article, err := readability.FromDocument(doc, address)
	if err != nil || article.Node == nil || article.Length < shortArticle ||
		(whole.DataAtom == atom.Main && article.Length < len([]rune(textOf(whole)))/2) {
		return whole
	}
	return article.Node
}

// toMarkdown converts a tree so that one reader of Markdown serves both formats.
func toMarkdown(n *html.Node, address *url.URL) (string, error) {
	conv := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(),
		strikethrough.NewStrikethroughPlugin(),
		table.NewTablePlugin(table.WithHeaderPromotion(true), table.WithSkipEmptyRows(true),
			table.WithSpanCellBehavior(table.SpanBehaviorMirror), table.WithNewlineBehavior(table.NewlineBehaviorPreserve)),
	))
	var options []converter.ConvertOptionFunc
	if address != nil {
		options = append(options, converter.WithDomain(address.String()))
	}
	md, err := conv.ConvertNode(n, options...)
	if err != nil {
		return "", fmt.Errorf("convert HTML: %w", err)
	}
	return string(md), nil
}

// pageTitle returns the only first-level heading, else the title element without the name of the site.
func pageTitle(doc *html.Node) string {
	var heads []string
	for n := range doc.Descendants() {
		if n.DataAtom == atom.H1 {
			heads = append(heads, flat(tidy(textOf(n))))
		}
	}
	if len(heads) == 1 && heads[0] != "" {
		return heads[0]
	}
	n := find(doc, atom.Title)
	if n == nil {
		return ""
	}
	title := flat(tidy(textOf(n)))
	for _, mark := range []string{" | ", " – ", " — ", " - "} {
		if before, _, ok := strings.Cut(title, mark); ok && strings.TrimSpace(before) != "" {
			return strings.TrimSpace(before)
		}
	}
	return title
}

// declutter removes what is not read, and gives questions in collapsible parts the form of a question in bold.
func declutter(doc *html.Node) {
	var gone []*html.Node
	for n := range doc.Descendants() {
		switch {
		case unread(n):
			gone = append(gone, n)
		case n.DataAtom == atom.Summary || n.DataAtom == atom.Dt:
			embolden(n)
		}
	}
	for _, n := range gone {
		if n.Parent != nil {
			n.Parent.RemoveChild(n)
		}
	}
}

func unread(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Svg, atom.Iframe, atom.Nav, atom.Footer, atom.Button,
		atom.Input, atom.Select, atom.Textarea, atom.Video, atom.Audio, atom.Canvas, atom.Object:
		return true
	}
	for _, a := range n.Attr {
		if a.Key == "hidden" || (a.Key == "aria-hidden" && a.Val == "true") || (a.Key == "role" && a.Val == "navigation") {
			return n.Type == html.ElementNode
		}
	}
	return n.Type == html.CommentNode
}

// embolden turns n into a paragraph that is bold from end to end.
func embolden(n *html.Node) {
	strong := &html.Node{Type: html.ElementNode, Data: "strong", DataAtom: atom.Strong}
	strong.AppendChild(&html.Node{Type: html.TextNode, Data: tidy(textOf(n))})
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(strong)
	n.Data, n.DataAtom, n.Attr = "p", atom.P, nil
}

func find(doc *html.Node, name atom.Atom) *html.Node {
	for n := range doc.Descendants() {
		if n.DataAtom == name {
			return n
		}
	}
	return nil
}

func textOf(n *html.Node) string {
	var sb strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			sb.WriteString(c.Data)
		}
	}
	return sb.String()
}
