package ingest

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// table appends one block per row. Each row names its columns ("Region: EU; Fee: 5"), so that a row still makes sense
// where the table is cut, or where it is quoted alone.
func (w *markdown) table(n *extast.Table, src []byte) {
	w.group++
	var names []string
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		cells := cells(r, src)
		if r.Kind() == extast.KindTableHeader {
			names = cells
			continue
		}
		w.join(row, record(names, cells))
	}
	if n.ChildCount() == 1 {
		w.join(row, strings.Join(names, "; "))
	}
}

func cells(r ast.Node, src []byte) []string {
	var out []string
	for c := r.FirstChild(); c != nil; c = c.NextSibling() {
		out = append(out, flat(inline(c, src)))
	}
	return out
}

// record writes one row. Cells without a column name stand alone, empty cells are left out.
func record(names, cells []string) string {
	var parts []string
	for i, c := range cells {
		name := ""
		if i < len(names) {
			name = strings.TrimRight(names[i], ":： ")
		}
		switch {
		case c == "":
		case name == "" || name == c:
			parts = append(parts, c)
		default:
			parts = append(parts, name+": "+c)
		}
	}
	return strings.Join(parts, "; ")
}
