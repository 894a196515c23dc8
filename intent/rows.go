package intent

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"handrail/internal/text"
)

// row is one labelled example as it is written. A field is nil where it is missing.
type row struct {
	Text   *string `json:"text"`
	Intent *string `json:"intent"`
	Lang   *string `json:"lang"`
	line   int
}

// readCSV reads examples under a header with the columns text, intent and lang, in any order and among others.
func (r *reading) readCSV(content string) []labelled {
	in := csv.NewReader(strings.NewReader(content))
	in.FieldsPerRecord, in.Comma = -1, text.Separator(content)
	header, err := in.Read()
	if err != nil {
		r.add(SeverityError, KindSyntax, 1, "the header is not CSV: %s", csvCause(err))
		return nil
	}
	column := map[string]int{}
	for i, name := range slices.Backward(header) {
		column[strings.ToLower(strings.TrimSpace(name))] = i
	}
	_, hasText := column["text"]
	_, hasIntent := column["intent"]
	if !hasText || !hasIntent {
		r.add(SeverityError, KindSyntax, 1, "the header is %q: it must name the columns text and intent, and may name lang",
			strings.Join(header, ","))
		return nil
	}
	return r.csvRows(in, column)
}

func (r *reading) csvRows(in *csv.Reader, column map[string]int) []labelled {
	names := &slugs{reading: r, told: map[string]bool{}}
	var out []labelled
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			r.add(SeverityError, KindSyntax, parse.StartLine, "the line is not CSV: %s", csvCause(err))
			continue
		}
		if err != nil { // none of a string's
			return out
		}
		line, _ := in.FieldPos(0)
		field := func(name string) *string {
			if i, ok := column[name]; ok && i < len(record) {
				return &record[i]
			}
			return nil
		}
		out = names.label(out, row{field("text"), field("intent"), field("lang"), line})
	}
}

// csvCause is the cause without its own count of lines.
func csvCause(err error) string {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return err.Error()
	}
	if errors.Is(parse.Err, csv.ErrQuote) || errors.Is(parse.Err, csv.ErrBareQuote) {
		return `a quotation mark stands alone: put the field in quotation marks and double those within ("say ""hi""")`
	}
	return parse.Err.Error()
}

// readJSONL reads one example from each line; lines without anything are passed over.
func (r *reading) readJSONL(content string) []labelled {
	names := &slugs{reading: r, told: map[string]bool{}}
	var out []labelled
	line := 0
	for s := range strings.Lines(content) {
		line++
		if strings.TrimSpace(s) == "" {
			continue
		}
		example := row{line: line}
		if err := json.Unmarshal([]byte(s), &example); err != nil {
			r.add(SeverityError, KindSyntax, line, `the line is not like {"text": "...", "intent": "..."}: %s`, err)
			continue
		}
		out = names.label(out, example)
	}
	return out
}

// slugs brings the names of intents into the form that catalogs need, and says so once for each name.
type slugs struct {
	*reading
	told map[string]bool
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// label appends the example of a row, unless something is wrong with it.
func (n *slugs) label(out []labelled, e row) []labelled {
	switch {
	case e.Text == nil:
		n.add(SeverityError, KindSyntax, e.line, "the field text is missing: every example needs text and intent")
		return out
	case e.Intent == nil || strings.TrimSpace(*e.Intent) == "":
		n.add(SeverityError, KindSyntax, e.line,
			"the field intent is missing: every example needs text and intent (%s = none of the intents)", OutOfScope)
		return out
	case strings.ContainsRune(*e.Text, 0):
		n.add(SeverityError, KindSyntax, e.line, "the text holds a zero character: remove it")
		return out
	}
	written := strings.TrimSpace(*e.Intent)
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(norm.NFKC.String(written)), "_"), "_")
	if !intentName.MatchString(name) {
		n.add(SeverityError, KindSyntax, e.line,
			"intent name %q: use lower-case letters, digits and underscores, with a letter first", written)
		return out
	}
	if name != written && !n.told[written] {
		n.told[written] = true
		n.add(SeverityWarning, KindSyntax, e.line,
			"the intent %q will be named %q: names have lower-case letters, digits and underscores", written, name)
	}
	l := labelled{Example{Text: strings.TrimSpace(*e.Text), Intent: name}, e.line}
	if e.Lang != nil {
		l.Lang = strings.ToLower(strings.TrimSpace(*e.Lang))
	}
	return append(out, l)
}
