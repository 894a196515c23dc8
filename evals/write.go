package evals

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed templates/*.tmpl
var templates embed.FS

// Write stores the report in dir, which it makes: report.md for pull requests, report.html to look at, results.jsonl
// for programs and junit.xml for CI systems. base is the baseline that regressions are counted from; the zero Baseline
// means that there is none.
func Write(dir string, r Report, base Baseline, regressions []Regression) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the report folder: %w", err)
	}
	data := describe(r, base, regressions)
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

// functions are what both templates call.
func functions() map[string]any {
	return map[string]any{
		"percent": func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) },
		"px":      func(x float64) string { return fmt.Sprintf("%.1f", x) },
		"share":   func(x float64) string { return fmt.Sprintf("%.3f", x) },
		"md":      escapeMarkdown,
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
	t, err := htmltemplate.New("report.html.tmpl").Funcs(functions()).ParseFS(templates, "templates/*.html.tmpl")
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
