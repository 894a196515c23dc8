package ingest

import (
	"encoding/xml"
	"strings"

	"handrail/internal/errs"
)

// partSize bounds one XML part of an office file, unpacked. The text of a thousand pages takes about 10 MB.
const partSize = 64 << 20

// loadDOCX reads a Word file: headings by their styles, lists, tables, links. Deleted text, field codes, headers and
// footers are left out; pictures and macros are never opened.
func loadDOCX(body []byte) (page, error) {
	a, err := openArchive(body)
	if err != nil {
		return page{}, err
	}
	main, err := a.must("word/document.xml", "Word", partSize)
	if err != nil {
		return page{}, err
	}
	if err := xmlPart("word/document.xml", main, false); err != nil {
		return page{}, err
	}
	w := &docx{}
	for _, aside := range []struct {
		name string
		read func([]byte) error
	}{{"word/styles.xml", w.readStyles}, {"word/numbering.xml", w.readNumbering}, {"word/_rels/document.xml.rels", w.readLinks},
		{"docProps/core.xml", w.readProperties}, {"word/document.xml", w.readBody}} {
		b := main
		if aside.name != "word/document.xml" {
			f := a.find(aside.name)
			if f == nil {
				continue
			}
			if b, err = a.read(f, partSize); err != nil {
				return page{}, err
			}
			if err := xmlPart(aside.name, b, false); err != nil {
				return page{}, err
			}
		}
		if err := aside.read(b); err != nil {
			return page{}, xmlError(aside.name, err)
		}
	}
	p := w.page()
	p.title = flat(tidy(w.title))
	if p.title == "" {
		p.title = flat(tidy(w.property))
	}
	return p, nil
}

// element is a node of an XML part, with its text or its children.
type element struct {
	name     string // without its name space
	attr     []xml.Attr
	text     string
	children []*element
}

// value returns an attribute by its name without the name space.
func (e *element) value(name string) string {
	for _, a := range e.attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// child returns the first child of that name, nil if there is none. It may be asked of nil.
func (e *element) child(names ...string) *element {
	for _, name := range names {
		if e == nil {
			return nil
		}
		var next *element
		for _, c := range e.children {
			if c.name == name {
				next = c
				break
			}
		}
		e = next
	}
	return e
}

// deepestXML is how far elements may nest. Tables within tables in text boxes take about 40.
const deepestXML = 200

// eachElement calls take with every element of the given names, complete with what it holds, and drops it afterwards, so
// that no more than one paragraph or table is in memory.
func eachElement(b []byte, take func(*element) error, names ...string) error {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	d := xml.NewDecoder(strings.NewReader(string(b)))
	depth := 0
	for {
		tok, err := d.RawToken()
		if err != nil {
			if depth == 0 && err.Error() == "EOF" {
				return nil
			}
			return err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if wanted[tok.Name.Local] {
				e, err := readElement(d, tok, depth)
				if err != nil {
					return err
				}
				if err := take(e); err != nil {
					return err
				}
				continue
			}
			if depth++; depth > deepestXML {
				return tooDeep()
			}
		case xml.EndElement:
			depth--
		}
	}
}

func readElement(d *xml.Decoder, start xml.StartElement, depth int) (*element, error) {
	if depth > deepestXML {
		return nil, tooDeep()
	}
	e := &element{name: start.Name.Local, attr: start.Copy().Attr}
	var text strings.Builder
	for {
		tok, err := d.RawToken()
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			c, err := readElement(d, tok, depth+1)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, c)
		case xml.CharData:
			text.Write(tok)
		case xml.EndElement:
			if tok.Name.Local != e.name {
				return nil, errs.New(errs.Invalid, "its XML is damaged at <%s>: save it again with the program that made it",
					clip(e.name, 40))
			}
			e.text = text.String()
			return e, nil
		}
	}
}
