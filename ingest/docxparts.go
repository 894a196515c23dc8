package ingest

import (
	"strconv"
	"strings"
)

// docx turns the parts of a Word file into blocks.
type docx struct {
	builder
	title    string // of the paragraph in the style Title
	property string // of the file

	levels  map[string]int    // heading level by style, 1 to 9; 0 is the title
	bullets map[string]string // mark by list and level
	lists   map[string]string // definition by list
	links   map[string]string // address by relation
	numbers map[string]int    // last number by list and level
	inList  bool
}

// readStyles learns which styles are headings: by their built-in name, or by the level that they give in the outline.
func (w *docx) readStyles(b []byte) error {
	w.levels = map[string]int{}
	based := map[string]string{}
	err := eachElement(b, func(e *element) error {
		id, name := e.value("styleId"), strings.ToLower(e.child("name").orEmpty().value("val"))
		based[id] = e.child("basedOn").orEmpty().value("val")
		if n, ok := strings.CutPrefix(name, "heading "); ok {
			if level, err := strconv.Atoi(n); err == nil && level >= 1 && level <= 9 {
				w.levels[id] = level
			}
		} else if name == "title" {
			w.levels[id] = 0
		} else if o := e.child("pPr", "outlineLvl"); o != nil {
			if level, err := strconv.Atoi(o.value("val")); err == nil && level >= 0 && level < 9 {
				w.levels[id] = level + 1
			}
		}
		return nil
	}, "style")
	for id := range based {
		parent := based[id]
		for range 10 { // a style may be based on itself in a circle
			if level, ok := w.levels[parent]; ok {
				if _, own := w.levels[id]; !own {
					w.levels[id] = level
				}
				break
			}
			parent = based[parent]
		}
	}
	return err
}

// readNumbering learns which lists are numbered.
func (w *docx) readNumbering(b []byte) error {
	w.bullets, w.lists = map[string]string{}, map[string]string{}
	return eachElement(b, func(e *element) error {
		if e.name == "num" {
			w.lists[e.value("numId")] = e.child("abstractNumId").orEmpty().value("val")
			return nil
		}
		for _, l := range e.children {
			if l.name == "lvl" {
				w.bullets[e.value("abstractNumId")+"/"+l.value("ilvl")] = l.child("numFmt").orEmpty().value("val")
			}
		}
		return nil
	}, "abstractNum", "num")
}

func (w *docx) readLinks(b []byte) error {
	w.links = map[string]string{}
	return eachElement(b, func(e *element) error {
		if e.value("TargetMode") == "External" && strings.HasSuffix(e.value("Type"), "/hyperlink") {
			w.links[e.value("Id")] = e.value("Target")
		}
		return nil
	}, "Relationship")
}

func (w *docx) readProperties(b []byte) error {
	return eachElement(b, func(e *element) error {
		w.property = e.text
		return nil
	}, "title")
}

func (w *docx) readBody(b []byte) error {
	w.numbers = map[string]int{}
	return eachElement(b, func(e *element) error {
		if e.name == "tbl" {
			w.table(e)
		} else {
			w.paragraph(e)
		}
		return nil
	}, "p", "tbl")
}

// paragraph appends a heading, an item of a list, or a paragraph.
func (w *docx) paragraph(e *element) {
	s := tidy(canonical(w.run(e)))
	style := e.child("pPr", "pStyle").orEmpty().value("val")
	level, isHead := w.levels[style]
	if o := e.child("pPr", "outlineLvl"); o != nil && !isHead {
		if n, err := strconv.Atoi(o.value("val")); err == nil && n >= 0 && n < 9 {
			level, isHead = n+1, true
		}
	}
	num := e.child("pPr", "numPr")
	switch {
	case s == "":
		return
	case isHead && level == 0 && w.title == "":
		w.title = s
	case isHead:
		w.heading(max(level, 1), s)
	case num != nil && num.child("numId").orEmpty().value("val") != "0", strings.HasPrefix(strings.ToLower(style), "list"):
		if !w.inList {
			w.group++
		}
		w.join(item, w.mark(num.orEmpty())+s)
		w.inList = true
		return
	default:
		w.text(s)
	}
	w.inList = false
}

// text appends a paragraph. One that asks after "Q:" is a heading in all but its style.
func (b *builder) text(s string) {
	first, rest, _ := strings.Cut(s, "\n")
	switch {
	case asked.MatchString(first) && len(first) < 200:
		b.heading(6, unmarked(first))
		b.parts[len(b.parts)-1].question = true
		b.add(paragraph, answer.ReplaceAllString(rest, ""))
	case len(b.parts) > 0 && b.parts[len(b.parts)-1].question:
		b.add(paragraph, answer.ReplaceAllString(s, ""))
	default:
		b.add(paragraph, s)
	}
}

// mark returns what stands before an item: a number where the list counts, else a dash.
func (w *docx) mark(num *element) string {
	list, level := num.child("numId").orEmpty().value("val"), num.child("ilvl").orEmpty().value("val")
	depth, _ := strconv.Atoi(level)
	indent := strings.Repeat("  ", max(0, min(depth, 8)))
	switch w.bullets[w.lists[list]+"/"+level] {
	case "", "bullet", "none":
		return indent + "- "
	}
	for deeper := depth + 1; deeper < 9; deeper++ {
		delete(w.numbers, list+"/"+strconv.Itoa(deeper))
	}
	w.numbers[list+"/"+level]++
	return indent + strconv.Itoa(w.numbers[list+"/"+level]) + ". "
}

// run returns the text below an element.
func (w *docx) run(e *element) string {
	var sb strings.Builder
	for _, c := range e.children {
		switch c.name {
		case "t":
			sb.WriteString(c.text)
		case "tab":
			sb.WriteByte(' ')
		case "br", "cr":
			sb.WriteByte('\n')
		case "noBreakHyphen":
			sb.WriteByte('-')
		case "hyperlink":
			in := &inliner{}
			in.link(w.run(c), w.links[c.value("id")])
			sb.WriteString(in.sb.String())
		case "p":
			sb.WriteString(w.run(c) + "\n")
		case "pPr", "rPr", "del", "moveFrom", "instrText", "delText", "Fallback", "tbl":
		default:
			sb.WriteString(w.run(c))
		}
	}
	return sb.String()
}

// table appends one block per row, which names its columns by the first row.
func (w *docx) table(e *element) {
	w.group++
	w.inList = false
	var rows [][]string
	for _, r := range e.children {
		if r.name != "tr" {
			continue
		}
		var cells []string
		for _, c := range r.children {
			if c.name != "tc" {
				continue
			}
			cells = append(cells, flat(tidy(canonical(w.run(c)))))
			if span, err := strconv.Atoi(c.child("tcPr", "gridSpan").orEmpty().value("val")); err == nil {
				cells = append(cells, make([]string, max(0, min(span, 64)-1))...)
			}
		}
		rows = append(rows, cells)
	}
	w.rows(rows)
}

// rows appends a table whose first row names the columns. A table of one column or one row has no names.
func (b *builder) rows(rows [][]string) {
	for i, cells := range rows {
		switch {
		case len(rows) == 1 || len(rows[0]) == 1:
			b.join(row, record(nil, cells))
		case i > 0:
			b.join(row, record(rows[0], cells))
		}
	}
}
