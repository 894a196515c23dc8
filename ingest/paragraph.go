package ingest

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

var (
	callout = regexp.MustCompile(`^\[!\w+\]\s*`)
	layout  = regexp.MustCompile(`(?i)^(\[?\[toc\]\]?|\{\{toc\}\}|:{3,}.*)$`)
	answer  = regexp.MustCompile(`^(?i:a|answer|答|回答|答案)\s*[:：]\s*`)
	asked   = regexp.MustCompile(`^(?i:q|question|问|问题|提问)\s*\d*\s*[:：]\s*\S`)
)

// paragraph appends a paragraph. One that is a question and nothing else, in bold or after "Q:", is a heading in all
// but its mark.
func (w *markdown) paragraph(n ast.Node, src []byte) {
	s := callout.ReplaceAllString(inline(n, src), "")
	if layout.MatchString(s) {
		return
	}
	first, rest, _ := strings.Cut(s, "\n")
	switch bold := allBold(n); {
	case bold && len(s) < 200 && asks(s), asked.MatchString(s) && rest == "" && len(s) < 200:
		w.heading(6, unmarked(label(n, src)))
	case asked.MatchString(first) && answer.MatchString(rest):
		w.heading(6, unmarked(first))
		w.add(paragraph, answer.ReplaceAllString(rest, ""))
	default:
		w.add(paragraph, w.unanswered(s))
		if s != "" && pointer(n) {
			w.weaken()
		}
	}
}

// pointer reports whether n holds nothing but images and links to other places of the same site.
func pointer(n ast.Node) bool {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Image:
		case *ast.Link:
			if absolute(string(c.Destination)) != "" {
				return false
			}
		default:
			return false
		}
	}
	return n.HasChildren()
}

// unanswered removes "A:" from the first paragraph below a question.
func (w *markdown) unanswered(s string) string {
	if n := len(w.parts); n > 0 && w.parts[n-1].question {
		return answer.ReplaceAllString(s, "")
	}
	return s
}

func allBold(n ast.Node) bool {
	e, ok := n.FirstChild().(*ast.Emphasis)
	return ok && e.Level == 2 && e.NextSibling() == nil
}
