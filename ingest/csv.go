package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"handrail/internal/errs"
	"handrail/internal/text"
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
// names the columns, in English or Chinese; it may be missing where there are two columns and the first asks. A column
// named url says where an answer can be opened. A row that lacks something stands in failed, and the others are read.
func loadCSV(src string) (p page, failed []string, err error) {
	r := csv.NewReader(strings.NewReader(src))
	r.Comma = text.Separator(src)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	w := newMarkdown()
	var cols *columns
	var bad failures
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return page{}, nil, csvError(err)
		}
		line, _ := r.FieldPos(0)
		if cols == nil {
			if cols, err = findColumns(cells, line); err != nil {
				return page{}, nil, err
			} else if cols.header {
				continue
			}
		}
		if reason := w.row(cells, cols, line); reason != "" {
			bad.add(reason)
		}
	}
	p = w.page()
	failed, err = bad.all(len(p.parts) > 0)
	return p, failed, err
}

// columns says where in a record the parts of a pair stand.
type columns struct {
	question, answer, url int  // -1 where there is none
	width                 int  // of the first record
	header                bool // the first record holds names
}

// findColumns looks for the columns in the first record.
func findColumns(cells []string, line int) (*columns, error) {
	c := &columns{question: -1, answer: -1, url: -1, width: len(cells)}
	for i, cell := range cells {
		name := strings.ToLower(strings.Trim(strings.TrimSpace(cell), "*#:："))
		switch {
		case c.question < 0 && slices.Contains(questionNames(), name):
			c.question = i
		case c.answer < 0 && slices.Contains(answerNames(), name):
			c.answer = i
		case c.url < 0 && slices.Contains([]string{"url", "link", "source url", "链接", "网址"}, name):
			c.url = i
		}
	}
	switch {
	case c.question >= 0 && c.answer >= 0:
		c.header = true
		return c, nil
	case len(cells) == 2 && asks(strings.TrimSpace(cells[0])):
		return &columns{question: 0, answer: 1, url: -1, width: 2}, nil
	case c.question >= 0:
		return nil, errs.New(errs.Invalid, "line %d names no answer column: call it \"answer\" or \"答案\"", line)
	case c.answer >= 0:
		return nil, errs.New(errs.Invalid, "line %d names no question column: call it \"question\" or \"问题\"", line)
	}
	return nil, errs.New(errs.Invalid, "line %d names no question and answer columns: make it "+
		"\"question,answer\" or \"问题,答案\"", line)
}

// row appends one question with its answer, or returns what is wrong with the row. Empty rows are passed over.
func (w *markdown) row(cells []string, c *columns, line int) string {
	if strings.TrimSpace(strings.Join(cells, "")) == "" {
		return ""
	}
	cell := func(i int) string {
		if i < 0 || i >= len(cells) {
			return ""
		}
		return strings.TrimSpace(cells[i])
	}
	question, answer := cell(c.question), cell(c.answer)
	switch {
	case len(cells) > c.width && strings.TrimSpace(strings.Join(cells[c.width:], "")) != "":
		return fmt.Sprintf("line %d has %d columns and the first line %d: put texts that hold the separator in double quotes",
			line, len(cells), c.width)
	case c.question >= len(cells) || c.answer >= len(cells):
		return fmt.Sprintf("line %d has %d columns but the question is column %d and the answer column %d: "+
			"add what is missing, and put texts that hold the separator in double quotes", line, len(cells), c.question+1, c.answer+1)
	case question == "":
		return fmt.Sprintf("line %d has an answer but no question: write the question or remove the line", line)
	case answer == "":
		return fmt.Sprintf("line %d has a question but no answer: write the answer or remove the line", line)
	}
	w.faqPair(question, answer, absolute(cell(c.url)))
	return ""
}

// faqPair appends a question with its answer, which may hold Markdown or HTML.
func (w *markdown) faqPair(question, answer, url string) {
	w.faq(question, url)
	in := &markdown{parser: w.parser, h1: true}
	in.write(answer, 0)
	w.adopt(in)
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
