package evals

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"handrail/internal/errs"
)

// LoadSuite reads a suite: YAML, or one case as JSON per line if the name ends in .jsonl, then named like the file. It
// refuses what it does not know, so that a misspelt expectation cannot go unscored. Errors are of kind [errs.Invalid]
// and name the file, the line, the field, and what to do.
func LoadSuite(name string, r io.Reader) (Suite, error) {
	read := suiteReader{file: name, seen: map[string]int{}}
	if path.Ext(name) == ".jsonl" {
		return read.lines(r)
	}
	return read.yaml(r)
}

func (r *suiteReader) yaml(src io.Reader) (Suite, error) {
	var doc yaml.Node
	dec := yaml.NewDecoder(src)
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return Suite{}, errs.New(errs.Invalid, "%s is empty: a suite has a name and cases", r.file)
		}
		return Suite{}, errs.Wrap(err, errs.Invalid, "%s is not a suite: %v", r.file, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Suite{}, errs.New(errs.Invalid, "%s holds a second document: put all cases into the first", r.file)
	}
	if len(doc.Content) == 0 {
		return Suite{}, errs.New(errs.Invalid, "%s is empty: a suite has a name and cases", r.file)
	}
	var s Suite
	err := r.fields(doc.Content[0], "suite", map[string]func(*yaml.Node) error{
		"name":  r.text(&s.Name),
		"cases": r.list(func(n *yaml.Node) error { return r.add(&s, n) }),
	})
	return r.finish(s, err)
}

// lines reads JSONL. JSON is read by the library for JSON, because YAML takes some of its escapes for errors.
func (r *suiteReader) lines(src io.Reader) (Suite, error) {
	s := Suite{Name: strings.TrimSuffix(path.Base(r.file), ".jsonl")}
	r.path = []string{"cases"}
	scan := bufio.NewScanner(src)
	scan.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 1
	for ; scan.Scan(); n++ {
		line := bytes.TrimSpace(scan.Bytes())
		if len(line) == 0 {
			continue
		}
		var value any
		if err := json.Unmarshal(line, &value); err != nil {
			return Suite{}, errs.Wrap(err, errs.Invalid, "%s, line %d is not JSON: write one case per line", r.file, n)
		}
		var node yaml.Node
		if err := node.Encode(value); err != nil {
			return Suite{}, errs.Wrap(err, errs.Invalid, "%s, line %d cannot be read", r.file, n)
		}
		place(&node, n)
		if err := r.add(&s, &node); err != nil {
			return Suite{}, err
		}
	}
	if err := scan.Err(); err != nil {
		return Suite{}, errs.Wrap(err, errs.Invalid, "%s, line %d cannot be read: %v", r.file, n, err)
	}
	return r.finish(s, nil)
}

// place gives all parts of a value the line that it stands in.
func place(n *yaml.Node, line int) {
	n.Line = line
	for _, c := range n.Content {
		place(c, line)
	}
}

func (r *suiteReader) finish(s Suite, err error) (Suite, error) {
	if err != nil {
		return Suite{}, err
	}
	if len(s.Cases) == 0 {
		return Suite{}, errs.New(errs.Invalid, "%s has no cases: add at least one below the field cases", r.file)
	}
	return s, nil
}
