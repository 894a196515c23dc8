package evals

import (
	"bytes"
	"embed"
	"encoding/json"
	"encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"text/template"
)

//go:embed templates/*.tmpl
var templates embed.FS

type reportData struct {
	Report
	Names       []string
	Failed      int
	Regressions []Regression
}

// Write stores the report in dir, which it makes: report.md for pull requests, report.html to look at, results.jsonl
// for programs and junit.xml for CI systems.
func Write(dir string, r Report, regressions []Regression) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the report folder: %w", err)
	}
	data := reportData{Report: r, Names: slices.Sorted(maps.Keys(r.Metrics)), Regressions: regressions}
	for _, res := range r.Results {
		if !res.Pass {
			data.Failed++
		}
	}
	for name, render := range map[string]func(reportData) ([]byte, error){
		"report.md": markdown, "report.html": html, "results.jsonl": jsonl, "junit.xml": junit,
	} {
		b, err := render(data)
		if err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	return nil
}

func functions() map[string]any {
	return map[string]any{
		"percent": func(x float64) float64 { return 100 * x },
		"x":       func(coverage float64) float64 { return 40 + 370*coverage }, // pixels of the curve's canvas
		"y":       func(accuracy float64) float64 { return 200 - 190*accuracy },
	}
}

func markdown(d reportData) ([]byte, error) {
	t, err := template.New("report.md.tmpl").Funcs(functions()).ParseFS(templates, "templates/report.md.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

func html(d reportData) ([]byte, error) {
	t, err := htmltemplate.New("report.html.tmpl").Funcs(functions()).ParseFS(templates, "templates/report.html.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, d)
	return b.Bytes(), err
}

func jsonl(d reportData) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for _, r := range d.Results {
		if err := enc.Encode(r); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Time    float64       `xml:"time,attr"` // seconds
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
}

// junit marks the regressions as failures: a case that never passed is work to do, not a broken build. A regression
// without a result, such as a metric's, is a test of its own.
func junit(d reportData) ([]byte, error) {
	s := junitSuite{Name: d.Suite, Failures: len(d.Regressions)}
	place := map[string]int{}
	for i, r := range d.Results {
		place[r.ID] = i
		s.Cases = append(s.Cases, junitCase{Name: r.ID, Time: r.Ms / 1000})
	}
	for _, r := range d.Regressions {
		i, ok := place[r.Case]
		if !ok {
			i = len(s.Cases)
			s.Cases = append(s.Cases, junitCase{Name: r.Case + r.Metric})
		}
		s.Cases[i].Failure = &junitFailure{Message: r.String()}
	}
	s.Tests = len(s.Cases)
	b, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), b...), err
}
