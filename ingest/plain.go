package ingest

import (
	"regexp"
	"strings"
)

var (
	underline = regexp.MustCompile(`^(={3,}|-{3,}|\*{3,})\s*$`)
	listMark  = regexp.MustCompile(`^\s*([-*•·]|\d{1,3}[.)、])\s+\S`)
	question  = regexp.MustCompile(`^(?i:q|question|问|问题|提问)\s*\d*\s*[:：]\s*(.+)$`)
)

// loadPlain reads plain text: paragraphs parted by empty lines, lists by their marks, underlined headings, and
// questions and answers marked "Q:" and "A:".
func loadPlain(src string) (page, error) {
	w := &plainText{}
	lines := strings.Split(src, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " \t")
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		switch {
		case strings.TrimSpace(line) == "":
			w.flush()
		case len(w.run) == 0 && underline.MatchString(next) && !underline.MatchString(line):
			w.head(strings.TrimSpace(line))
			i++
		case underline.MatchString(line):
			w.flush()
		default:
			w.line(line)
		}
	}
	w.flush()
	p := w.page()
	p.title = w.title
	return p, nil
}

// plainText gathers the lines of one paragraph.
type plainText struct {
	builder
	title string
	run   []string
}

func (w *plainText) head(s string) {
	if len(w.parts) == 0 && w.title == "" {
		w.title = s
		return
	}
	w.heading(2, s)
}

func (w *plainText) line(line string) {
	if m := question.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
		w.flush()
		w.heading(6, m[1])
		w.parts[len(w.parts)-1].question = true
		return
	}
	if listMark.MatchString(line) && len(w.run) > 0 && !listMark.MatchString(w.run[0]) {
		w.flush()
	}
	w.run = append(w.run, line)
}

func (w *plainText) flush() {
	run := w.run
	w.run = nil
	if len(run) == 0 {
		return
	}
	if n := len(w.parts); n > 0 && w.parts[n-1].question {
		run[0] = answer.ReplaceAllString(strings.TrimSpace(run[0]), "")
	}
	if !listMark.MatchString(run[0]) {
		w.add(paragraph, tidy(strings.Join(run, lineEnd(run))))
		return
	}
	w.group++
	for start := 0; start < len(run); {
		end := start + 1
		for end < len(run) && !listMark.MatchString(run[end]) {
			end++
		}
		w.join(item, tidy(strings.Join(run[start:end], " ")))
		start = end
	}
}

// lineEnd returns what parts the lines of a paragraph: a space where an editor has wrapped it, a line break where lines
// are short on purpose, as in an address.
func lineEnd(run []string) string {
	for _, line := range run[:len(run)-1] {
		if tokens(line) < 12 {
			return "\n"
		}
	}
	return " "
}
