package ingest

// partSize bounds one XML part of an office file, unpacked. The text of a thousand pages takes about 10 MB.
const partSize = 64 << 20

// loadDOCX reads a Word file: headings by their styles, lists, tables, links. Deleted text, field codes, headers and
// footers are left out; pictures and macros are never opened.
func loadDOCX(body []byte) (page, error) {
	a, err := openArchive(body)
	if err != nil {
		return page{}, err
	}
	w := &docx{}
	for _, aside := range []struct {
		name string
		read func([]byte) error
	}{
		{"word/styles.xml", w.readStyles}, {"word/numbering.xml", w.readNumbering},
		{"word/_rels/document.xml.rels", w.readLinks}, {"docProps/core.xml", w.readProperties},
	} {
		if a.find(aside.name) == nil {
			continue
		}
		if err := a.parsePart(aside.name, "Word", aside.read); err != nil {
			return page{}, err
		}
	}
	if err := a.parsePart("word/document.xml", "Word", w.readBody); err != nil {
		return page{}, err
	}
	p := w.page()
	p.title = flat(tidy(w.title))
	if p.title == "" {
		p.title = flat(tidy(w.property))
	}
	return p, nil
}
