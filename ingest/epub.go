package ingest

import (
	"net/url"
	"path"
	"strings"

	"handrail/internal/errs"
)

// loadEPUB reads a book: its chapters in the order of the spine, each through the reader of HTML.
func loadEPUB(body []byte) (page, error) {
	a, err := openArchive(body)
	if err != nil {
		return page{}, err
	}
	if f := a.find("META-INF/encryption.xml"); f != nil {
		if err := a.checkRights(); err != nil {
			return page{}, err
		}
	}
	book, err := a.readPackage()
	if err != nil {
		return page{}, err
	}
	w := newMarkdown()
	w.title = book.title
	for _, name := range book.spine {
		if err := a.chapter(w, name); err != nil {
			return page{}, err
		}
	}
	p := w.page()
	p.title, p.language = book.title, book.lang
	return p, nil
}

// checkRights refuses a book of which chapters are encrypted. Encrypted fonts do not matter.
func (a *archive) checkRights() error {
	b, err := a.must("META-INF/encryption.xml", "EPUB", partSize)
	if err != nil {
		return err
	}
	err = eachElement(b, func(e *element) error {
		switch strings.ToLower(path.Ext(e.value("URI"))) {
		case ".xhtml", ".html", ".htm", ".xml":
			return errs.New(errs.Forbidden, "it is protected against copying (DRM): get it without protection")
		}
		return nil
	}, "CipherReference")
	if err != nil {
		return xmlError("META-INF/encryption.xml", err)
	}
	return nil
}

// book is what the package file of an EPUB says.
type book struct {
	title, lang string
	spine       []string // names of the chapters
}

func (a *archive) readPackage() (book, error) {
	b, err := a.must("META-INF/container.xml", "EPUB", partSize)
	if err != nil {
		return book{}, err
	}
	if err := xmlPart("META-INF/container.xml", b, true); err != nil {
		return book{}, err
	}
	name := ""
	err = eachElement(b, func(e *element) error {
		if name == "" {
			name = e.value("full-path")
		}
		return nil
	}, "rootfile")
	if err != nil {
		return book{}, xmlError("META-INF/container.xml", err)
	}
	if b, err = a.must(name, "EPUB", partSize); err != nil {
		return book{}, err
	}
	if err := xmlPart(name, b, true); err != nil {
		return book{}, err
	}
	return parsePackage(name, b)
}

func parsePackage(name string, b []byte) (book, error) {
	var out book
	files := map[string]string{}
	err := eachElement(b, func(e *element) error {
		switch e.name {
		case "title":
			if out.title == "" {
				out.title = flat(tidy(canonical(e.text)))
			}
		case "language":
			if lang := strings.ToLower(strings.TrimSpace(e.text)); len(lang) >= 2 && out.lang == "" {
				out.lang = lang[:2]
			}
		case "item":
			if media := e.value("media-type"); media == "application/xhtml+xml" || media == "text/html" {
				if href, err := url.PathUnescape(e.value("href")); err == nil {
					files[e.value("id")] = path.Join(path.Dir(name), href)
				}
			}
		case "itemref":
			if file, ok := files[e.value("idref")]; ok && e.value("linear") != "no" {
				out.spine = append(out.spine, file)
				delete(files, e.value("idref")) // a chapter is read once
			}
		}
		return nil
	}, "title", "language", "item", "itemref")
	if err != nil {
		return book{}, xmlError(name, err)
	}
	return out, nil
}

// chapter appends one file of a book.
func (a *archive) chapter(w *markdown, name string) error {
	b, err := a.must(name, "EPUB", partSize)
	if err != nil {
		return err
	}
	if err := xmlPart(name, b, true); err != nil {
		return err
	}
	src, err := decode(b, "", true)
	if err != nil {
		return err
	}
	p, err := loadHTML(src, nil)
	if err != nil {
		return err
	}
	if len(p.parts) == 0 {
		return nil
	}
	if p.title != "" && !same(p.title, w.title) {
		w.heading(1, p.title)
	}
	group := -1
	for _, part := range p.parts {
		s := p.text[part.start:part.end]
		if part.kind == heading {
			w.heading(min(part.level+1, 6), part.title)
			w.parts[len(w.parts)-1].question = part.question
			continue
		}
		if part.group != group {
			w.group++
			group = part.group
		}
		w.builder.join(part.kind, s)
		if part.weak {
			w.weaken()
		}
	}
	return nil
}
