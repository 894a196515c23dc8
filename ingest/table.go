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
	var sb strings.Builder
	for i, c := range cells {
		name := ""
		if i < len(names) {
			name = strings.TrimRight(names[i], ":： ")
		}
		if c == "" {
			continue
		}
		if sb.Len() > 0 {
			sb.WriteString(joint(sb.String()))
		}
		if name != "" && name != c {
			sb.WriteString(name + ": ")
		}
		sb.WriteString(c)
	}
	return sb.String()
}

// joint returns what parts a cell from the next one: nothing but a space where it ends a sentence by itself.
func joint(before string) string {
	for _, mark := range []string{".", "!", "?", ";", "。", "！", "？", "；"} {
		if strings.HasSuffix(before, mark) {
			return " "
		}
	}
	return "; "
}
