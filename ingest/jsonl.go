package ingest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonRecord is one line of JSON. Other fields are passed over.
type jsonRecord struct {
	ID, AltID                     any
	Question, Answer, Title, Text string
	URL, Lang                     string
	Tags                          []string
}

// loadJSONL reads lines of JSON. Those with a question and an answer make one document of questions, each of the others
// is a document of its own, named by its id or else by its line.
func loadJSONL(src string) (pages []page, failed []string, err error) {
	var bad failures
	faq, names := newMarkdown(), map[string]bool{}
	for i, line := range strings.Split(src, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		r, err := parseRecord(line)
		if err != nil {
			bad.add(fmt.Sprintf("line %d %v", i+1, err))
			continue
		}
		if r.Question != "" {
			faq.faqPair(r.Question, r.Answer, absolute(r.URL))
			continue
		}
		p := r.page()
		if p.name = r.name(i + 1); names[p.name] {
			bad.add(fmt.Sprintf("line %d has the id %q of a line above it: make it unique", i+1, p.name))
			continue
		}
		names[p.name] = true
		pages = append(pages, p)
	}
	if p := faq.page(); len(p.parts) > 0 {
		pages = append([]page{p}, pages...)
	}
	failed, err = bad.all(len(pages) > 0)
	return pages, failed, err
}

// parseRecord reads one line. Its errors continue a sentence that begins with the line.
func parseRecord(line string) (jsonRecord, error) {
	var fields map[string]any
	if depth(line) > 32 {
		return jsonRecord{}, fmt.Errorf("is nested too deeply: write its fields on the first level")
	}
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		return jsonRecord{}, fmt.Errorf("is no JSON object (%v): write one object to a line", err)
	}
	get := func(names ...string) string {
		for _, n := range names {
			if s, ok := fields[n].(string); ok && strings.TrimSpace(s) != "" {
				return strings.TrimSpace(s)
			}
		}
		return ""
	}
	r := jsonRecord{ID: fields["id"], AltID: fields["_id"], Question: get("question", "q", "query", "prompt", "问题"),
		Answer: get("answer", "a", "response", "答案"), Title: get("title", "name"),
		Text: get("text", "body", "content", "markdown"), URL: get("url", "link"), Lang: get("lang", "language")}
	if tags, ok := fields["tags"].([]any); ok {
		for _, t := range tags {
			if s, ok := t.(string); ok {
				r.Tags = append(r.Tags, s)
			}
		}
	}
	switch {
	case r.Question != "" && r.Answer == "":
		return r, fmt.Errorf("has a question but no answer: add the field \"answer\" or remove the line")
	case r.Question == "" && r.Answer != "":
		return r, fmt.Errorf("has an answer but no question: add the field \"question\" or remove the line")
	case r.Question == "" && r.Text == "":
		return r, fmt.Errorf("has neither \"question\" and \"answer\" nor \"text\": name its fields like that")
	}
	return r, nil
}

// depth returns how deep the brackets of a line of JSON nest, those within strings included, which rarely matter.
func depth(line string) int {
	deepest, now := 0, 0
	for i := range len(line) {
		switch line[i] {
		case '{', '[':
			now++
			deepest = max(deepest, now)
		case '}', ']':
			now--
		}
	}
	return deepest
}

// page reads the text of a record, which may hold Markdown or HTML.
func (r jsonRecord) page() page {
	w := newMarkdown()
	w.title, w.h1 = r.Title, r.Title == ""
	w.write(r.Text, 0)
	p := w.page()
	p.title, p.url, p.tags = flat(tidy(w.title)), absolute(r.URL), r.Tags
	if len(r.Lang) == 2 {
		p.language = strings.ToLower(r.Lang)
	}
	return p
}

// name identifies a record within its file.
func (r jsonRecord) name(line int) string {
	for _, id := range []any{r.ID, r.AltID} {
		s := ""
		switch v := id.(type) {
		case string:
			s = strings.Trim(strings.TrimSpace(v), "/")
		case float64:
			s = strconv.FormatFloat(v, 'f', -1, 64)
		}
		if s != "" && len(s) <= 200 && utf8.ValidString(s) {
			return s
		}
	}
	return strconv.Itoa(line)
}
