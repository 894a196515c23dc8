package ingest

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// list appends one block per item, so that a long list can be cut between items.
func (w *markdown) list(n *ast.List, src []byte) {
	w.group++
	weak := pointers(n)
	for _, s := range w.items(n, src, "") {
		w.join(item, s)
		if weak {
			w.weaken()
		}
	}
}

// items returns the items of a list, with their marks and everything below them.
func (w *markdown) items(n *ast.List, src []byte, indent string) []string {
	var out []string
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		if body := w.itemBody(c, src, indent+"  "); body != "" {
			out = append(out, indent+mark+strings.TrimLeft(body, " \n"))
		}
	}
	return out
}

// itemBody returns what stands in one item, a line per block, indented below the mark.
func (w *markdown) itemBody(n ast.Node, src []byte, indent string) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.List:
			parts = append(parts, w.items(c, src, indent)...)
		default:
			parts = append(parts, w.nested(c, src, indent)...)
		}
	}
	return strings.Join(parts, "\n")
}

// nested returns the blocks that n makes, each below the mark of its item.
func (w *markdown) nested(n ast.Node, src []byte, indent string) []string {
	in := markdown{parser: w.parser, h1: true}
	in.block(n, src, 1)
	var parts []string
	for _, p := range in.parts {
		parts = append(parts, indented(in.sb.String()[p.start:p.end], indent))
	}
	return parts
}

func indented(s, indent string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) != "" {
			out.WriteString(indent)
		}
		out.WriteString(line)
	}
	return out.String()
}

// pointers reports whether every item of a list, at every depth, only links to other places of the same site.
func pointers(n ast.Node) bool {
	for it := n.FirstChild(); it != nil; it = it.NextSibling() {
		for c := it.FirstChild(); c != nil; c = c.NextSibling() {
			if c.Kind() == ast.KindList && !pointers(c) || c.Kind() != ast.KindList && !pointer(c) {
				return false
			}
		}
	}
	return true
}
