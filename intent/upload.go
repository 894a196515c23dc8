package intent

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"handrail/internal/text"
)

// Format is how labelled examples are written.
type Format string

// The formats.
const (
	FormatYAML  Format = "yaml"  // a whole catalog, as [LoadCatalog] reads it; it takes the place of the active one
	FormatCSV   Format = "csv"   // a header with the columns text, intent and perhaps lang; merged into the active catalog
	FormatJSONL Format = "jsonl" // {"text": ..., "intent": ..., "lang": ...} on each line; merged like CSV
)

// Upload is labelled examples as a knowledge manager sends them: UTF-8, with or without a byte order mark.
type Upload struct {
	Format Format
	Text   string
}

// maxExamples bounds what one catalog holds, because a few lines of YAML can stand for a great many examples.
const maxExamples = 200_000

// labelled is an example and where it stands.
type labelled struct {
	Example
	line int // of the upload; 0 = it comes from the catalog that the upload is merged into
}

// reading is an upload once it has been read.
type reading struct {
	catalog  Catalog
	examples []labelled     // all of the catalog's
	lines    map[string]int // where each intent of the upload is first named
	findings []Finding
}

// read turns an upload into a catalog. Whatever is wrong with it becomes a finding.
func read(u Upload, active Catalog) reading {
	r := reading{lines: map[string]int{}, findings: []Finding{}}
	content, f := decodeUpload(u.Text)
	if f != nil {
		r.findings = append(r.findings, *f)
		return r
	}
	switch u.Format {
	case FormatYAML:
		r.readYAML(content)
	case FormatCSV:
		r.merge(active, r.readCSV(content))
	case FormatJSONL:
		r.merge(active, r.readJSONL(content))
	default:
		r.add(SeverityError, KindSyntax, 0, "the format %q is unknown: use yaml, csv or jsonl", u.Format)
	}
	return r
}

// add records what is wrong with a line as a whole.
func (r *reading) add(severity Severity, kind FindingKind, line int, format string, args ...any) {
	r.findings = append(r.findings, Finding{Severity: severity, Kind: kind, Line: line, Message: fmt.Sprintf(format, args...)})
}

// decodeUpload returns the text without its byte order mark, or why it is none.
func decodeUpload(s string) (string, *Finding) {
	wrong := func(line int, message string) (string, *Finding) {
		return "", &Finding{Severity: SeverityError, Kind: KindSyntax, Line: line, Message: message}
	}
	if strings.HasPrefix(s, "\xff\xfe") || strings.HasPrefix(s, "\xfe\xff") {
		return wrong(1, "the file is UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")")
	}
	s = strings.TrimPrefix(s, "\ufeff")
	if at := strings.IndexByte(s, 0); at >= 0 {
		return wrong(lineAt(s, at), "the file holds binary data: save it as a text file in UTF-8")
	}
	for at, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[at:], "\ufffd") {
			return wrong(lineAt(s, at), "the line is not valid UTF-8: save the file as UTF-8")
		}
	}
	if strings.TrimSpace(s) == "" {
		return wrong(0, "there is nothing in it: add labelled examples")
	}
	return s, nil
}

func lineAt(s string, offset int) int { return 1 + strings.Count(s[:offset], "\n") }

// keyOf is equal for texts that differ in nothing but case, spacing and punctuation.
func keyOf(s string) string { return strings.Join(text.Words(s), " ") }

// Examples returns what the upload itself holds. Its errors are of kind [errs.Invalid] and name the lines.
func (u Upload) Examples() ([]Example, error) {
	r := read(u, Catalog{})
	if err := r.checked().Err(); err != nil {
		return nil, err
	}
	out := make([]Example, len(r.examples))
	for i, e := range r.examples {
		out[i] = e.Example
	}
	return out, nil
}
