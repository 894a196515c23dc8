package ingest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"handrail/internal/errs"
)

// xmlPart refuses what XML needs for attacks and no document needs: declarations of types and entities.
func xmlPart(name string, b []byte, doctype bool) error {
	upper := bytes.ToUpper(b)
	if bytes.Contains(upper, []byte("<!ENTITY")) || !doctype && bytes.Contains(upper, []byte("<!DOCTYPE")) {
		return errs.New(errs.Invalid, "its part %s declares XML entities or a document type, which is refused because it may "+
			"read other files or grow without bound: save it again with an office program", name)
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return errs.New(errs.Invalid, "its part %s is not UTF-8: save it again with an office program", name)
	}
	return nil
}

// parsePart unpacks, checks and parses a part of an office file, without which the file is nothing.
func (a *archive) parsePart(name, what string, parse func([]byte) error) error {
	b, err := a.must(name, what, partSize)
	if err != nil {
		return err
	}
	if err := xmlPart(name, b, false); err != nil {
		return err
	}
	if err := parse(b); err != nil {
		return xmlError(name, err)
	}
	return nil
}

// xmlError explains an error of the XML reader.
func xmlError(name string, err error) error {
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	return errs.Wrap(fmt.Errorf("%s: %w", name, err), errs.Invalid, "its part %s is damaged: save it again with the program "+
		"that made it", name)
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

// orEmpty stands in for a child that is not there.
func (e *element) orEmpty() *element {
	if e == nil {
		return &element{}
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
