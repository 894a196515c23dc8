package ingest

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// inliner writes the text of inline nodes. Emphasis goes, because a quoted sentence may start or end within it; code
// and links to absolute addresses stay.
type inliner struct {
	src   []byte
	plain bool // for headings: no marks at all
	sb    strings.Builder
	links []rawLink // <a> elements that are open
}

type rawLink struct {
	start int
	href  string
}

// inline returns the text of the children of n.
func inline(n ast.Node, src []byte) string {
	w := &inliner{src: src}
	w.children(n)
	return tidy(unstarred(w.sb.String()))
}

// label returns the text of the children of n without code marks and addresses, for headings.
func label(n ast.Node, src []byte) string {
	w := &inliner{src: src, plain: true}
	w.children(n)
	return flat(tidy(unstarred(w.sb.String())))
}

// unstarred removes the bold marks that CommonMark does not take for such, because they stand between a Han character
// and a punctuation mark.
func unstarred(s string) string {
	if !strings.Contains(s, "**") {
		return s
	}
	stars := 0
	keep := func(s string) string { return s }
	outsideSpans(s, keep, func(s string) string { stars += strings.Count(s, "**"); return s })
	if stars%2 != 0 {
		return s
	}
	return outsideSpans(s, keep, func(s string) string { return strings.ReplaceAll(s, "**", "") })
}

func (w *inliner) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

func (w *inliner) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.String:
		w.sb.Write(n.Value)
	case *ast.CodeSpan:
		w.code(n)
	case *ast.AutoLink:
		w.sb.Write(n.Label(w.src))
	case *ast.Link:
		w.link(w.inner(n), string(n.Destination))
	case *ast.Image:
		w.sb.WriteString(alt(w.inner(n)))
	case *ast.RawHTML:
		w.raw(string(n.Segments.Value(w.src)))
	case *extast.FootnoteLink, *extast.FootnoteBacklink, *extast.TaskCheckBox:
	default:
		w.children(n)
	}
}

// inner returns the text within n.
func (w *inliner) inner(n ast.Node) string {
	in := &inliner{src: w.src, plain: w.plain}
	in.children(n)
	return tidy(in.sb.String())
}

func (w *inliner) text(n *ast.Text) {
	v := n.Segment.Value(w.src)
	if !n.IsRaw() {
		v = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(v)))
	}
	w.sb.Write(v)
	switch {
	case n.HardLineBreak():
		w.sb.WriteByte('\n')
	case n.SoftLineBreak():
		w.sb.WriteByte(' ')
	}
}

// code keeps the marks, so that a reader sees what to type; a span that holds a mark itself is left bare.
func (w *inliner) code(n *ast.CodeSpan) {
	var sb strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			sb.Write(t.Segment.Value(w.src))
		}
	}
	s := strings.Join(strings.Fields(sb.String()), " ")
	if s != "" && !w.plain && !strings.Contains(s, "`") {
		s = "`" + s + "`"
	}
	w.sb.WriteString(s)
}

// link keeps an address that a reader can follow from anywhere. A relative one leads nowhere outside of its site.
func (w *inliner) link(label, dest string) {
	u, err := url.Parse(strings.TrimSpace(dest))
	switch {
	case err != nil || label == "" || w.plain:
		w.sb.WriteString(label)
	case u.Scheme == "mailto" || u.Scheme == "tel":
		w.sb.WriteString(label)
		if address, _ := url.PathUnescape(u.Opaque); !strings.Contains(label, address) {
			w.sb.WriteString(" (" + address + ")")
		}
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		w.sb.WriteString(label)
	case strings.Contains(label, "://"):
		w.sb.WriteString(label)
	default:
		w.sb.WriteString("[" + label + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(dest) + ")")
	}
}

// fileName finds descriptions of images that only name the file.
var fileName = regexp.MustCompile(`(?i)^[\w.-]*\.(png|jpe?g|gif|svg|webp)$|^(img|image|media)?[\d_-]*$`)

// alt returns the description of an image if it says anything.
func alt(s string) string {
	if fileName.MatchString(strings.TrimSpace(s)) {
		return ""
	}
	return s
}

var (
	tag       = regexp.MustCompile(`^<(/?)([A-Za-z][\w.-]*)`)
	attribute = regexp.MustCompile(`(?i)\b(href|alt|label)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))`)
)

// raw writes what an HTML tag within a sentence stands for. A name that HTML does not know, such as <your-name>, is no
// tag but a place to fill in.
func (w *inliner) raw(s string) {
	m := tag.FindStringSubmatch(s)
	if m == nil {
		return // a comment or a declaration
	}
	closing, name := m[1] == "/", strings.ToLower(m[2])
	switch {
	case name == "br" || name == "p" && !closing:
		w.sb.WriteByte('\n')
	case name == "li" && !closing:
		w.sb.WriteString("\n- ")
	case name == "img":
		w.sb.WriteString(alt(attr(s, "alt")))
	case name == "a" && !closing:
		w.links = append(w.links, rawLink{w.sb.Len(), attr(s, "href")})
	case name == "a" && len(w.links) > 0:
		w.closeLink()
	case !knownTag(m[2]):
		w.sb.WriteString(s)
	}
}

func (w *inliner) closeLink() {
	l := w.links[len(w.links)-1]
	w.links = w.links[:len(w.links)-1]
	all := w.sb.String()
	w.sb.Reset()
	w.sb.WriteString(all[:l.start])
	w.link(all[l.start:], l.href)
}

// attr returns the value of an attribute in the source of a tag.
func attr(tag, name string) string {
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		if strings.EqualFold(m[1], name) {
			return m[2] + m[3] + m[4]
		}
	}
	return ""
}
