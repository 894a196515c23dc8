package ingest

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"handrail/internal/errs"
)

// Column names by which the two columns of an export are found, in normalised form.
func questionNames() []string {
	return []string{"question", "questions", "q", "query", "prompt", "faq", "user question", "问题", "问", "提问", "标准问题",
		"标准问", "问句", "用户问题", "問題", "提問"}
}

func answerNames() []string {
	return []string{"answer", "answers", "a", "response", "reply", "solution", "答案", "答", "回答", "答复", "标准答案", "回复", "解答",
		"答覆", "回覆"}
}

// loadCSV reads an export of questions and answers, a row each, parted by commas, semicolons or tabs. The first line
// names the columns, in English or Chinese; it may be missing where there are two columns and the first asks.
func loadCSV(src string) (page, error) {
	r := csv.NewReader(strings.NewReader(src))
	r.Comma = separator(src)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	w := newMarkdown()
	q, a := -1, -1
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return page{}, csvError(err)
		}
		line, _ := r.FieldPos(0)
		if q < 0 {
			var header bool
			if q, a, header, err = columns(cells, line); err != nil {
				return page{}, err
			} else if header {
				continue
			}
		}
		if err := w.row(cells, q, a, line); err != nil {
			return page{}, err
		}
	}
	return w.page(), nil
}

// columns finds the question and the answer in the first record, and says whether that record is a header.
func columns(cells []string, line int) (q, a int, header bool, err error) {
	q, a = -1, -1
	for i, c := range cells {
		name := strings.ToLower(strings.Trim(strings.TrimSpace(c), "*#:："))
		switch {
		case q < 0 && slices.Contains(questionNames(), name):
			q = i
		case a < 0 && slices.Contains(answerNames(), name):
			a = i
		}
	}
	switch {
	case q >= 0 && a >= 0:
		return q, a, true, nil
	case len(cells) == 2 && asks(strings.TrimSpace(cells[0])):
		return 0, 1, false, nil
	case q >= 0:
		return -1, -1, false, errs.New(errs.Invalid, "line %d names no answer column: call it \"answer\" or \"答案\"", line)
	case a >= 0:
		return -1, -1, false, errs.New(errs.Invalid, "line %d names no question column: call it \"question\" or \"问题\"", line)
	}
	return -1, -1, false, errs.New(errs.Invalid, "line %d names no question and answer columns: make it "+
		"\"question,answer\" or \"问题,答案\"", line)
}

// row appends one question with its answer, which may hold Markdown or HTML. Empty rows are passed over.
func (w *markdown) row(cells []string, q, a, line int) error {
	if strings.TrimSpace(strings.Join(cells, "")) == "" {
		return nil
	}
	if q >= len(cells) || a >= len(cells) {
		return errs.New(errs.Invalid, "line %d has %d columns but the question is column %d and the answer column %d: "+
			"add what is missing, and put texts that hold the separator in double quotes", line, len(cells), q+1, a+1)
	}
	question, answer := strings.TrimSpace(cells[q]), strings.TrimSpace(cells[a])
	if question == "" {
		return errs.New(errs.Invalid, "line %d has an answer but no question: write the question or remove the line", line)
	}
	if answer == "" {
		return errs.New(errs.Invalid, "line %d has a question but no answer: write the answer or remove the line", line)
	}
	w.faq(question)
	in := &markdown{parser: w.parser, h1: true}
	in.write(answer, 0)
	w.adopt(in)
	return nil
}

// adopt appends the blocks of in. Headings within an answer are no headings of the document.
func (w *markdown) adopt(in *markdown) {
	group := -1
	for _, p := range in.parts {
		k := p.kind
		if k == heading {
			k = paragraph
		}
		if p.group != group {
			w.group++
			group = p.group
		}
		w.builder.join(k, in.sb.String()[p.start:p.end])
	}
}

// separator returns the most frequent candidate of the first line, quoted parts left out.
func separator(src string) rune {
	best, most, quoted := ',', 0, false
	counts := map[rune]int{}
	for _, r := range src {
		if r == '"' {
			quoted = !quoted
		} else if r == '\n' && !quoted {
			break
		} else if !quoted {
			counts[r]++
		}
	}
	for _, c := range []rune{',', ';', '\t'} {
		if counts[c] > most {
			best, most = c, counts[c]
		}
	}
	return best
}

func csvError(err error) error {
	var pe *csv.ParseError
	if !errors.As(err, &pe) {
		return err
	}
	what := "a quoted text that is not closed, or has characters behind its closing quote"
	if errors.Is(pe.Err, csv.ErrBareQuote) {
		what = "a double quote within a text that is not quoted"
	}
	return errs.Wrap(err, errs.Invalid, "line %d has %s: put the text in double quotes and write each double quote "+
		"within it twice", pe.StartLine, what)
}
