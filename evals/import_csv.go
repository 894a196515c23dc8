package evals

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"handrail/bot"
	"handrail/internal/errs"
	"handrail/internal/text"
)

// csvColumns are the columns that [ImportCSV] knows. Lists are separated by |, and the facts by ; where each fact may list
// its wordings.
func csvColumns() []string {
	return []string{"id", "question", "decision", "reason", "sources", "facts", "forbidden", "intent", "lang", "tags", "history",
		"choices", "dialogue"}
}

// ImportCSV makes a suite of a table whose first row names its columns: question, and any of id, decision (answer, clarify
// or handoff), reason, sources, facts, forbidden, intent, lang, tags, history, choices and dialogue. Rows of one dialogue
// follow each other and become its turns. Without a decision a row expects an answer; without an id it gets one from what
// it asks, which stays when rows are added. Errors are of kind [errs.Invalid] and name file, line and column.
func ImportCSV(name string, r io.Reader) (Suite, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return Suite{}, fmt.Errorf("read %s: %w", name, err)
	}
	t := csv.NewReader(bytes.NewReader(content))
	t.FieldsPerRecord, t.Comma = -1, text.Separator(string(content))
	header, err := t.Read()
	if errors.Is(err, io.EOF) {
		return Suite{}, errs.New(errs.Invalid, "%s is empty: its first line names the columns", name)
	}
	if err != nil {
		return Suite{}, errs.Wrap(err, errs.Invalid, "%s is not CSV: %v", name, err)
	}
	if err := checkHeader(name, header); err != nil {
		return Suite{}, err
	}
	in := imported{suite: Suite{Name: baseName(name)}, ids: map[string]bool{}}
	for {
		record, err := t.Read()
		if errors.Is(err, io.EOF) {
			return in.finish(name)
		}
		if err != nil {
			return Suite{}, errs.Wrap(err, errs.Invalid, "%s is not CSV: %v", name, err)
		}
		line, _ := t.FieldPos(0)
		if len(record) != len(header) {
			return Suite{}, errs.New(errs.Invalid, "%s, line %d has %d fields, but the first line names %d columns: put texts with commas in quotes",
				name, line, len(record), len(header))
		}
		row := map[string]string{}
		for i, column := range header {
			row[column] = strings.TrimSpace(record[i])
		}
		if err := in.row(row); err != nil {
			return Suite{}, errs.Wrap(err, errs.Invalid, "%s, line %d: %v", name, line, err)
		}
	}
}

func checkHeader(name string, header []string) error {
	for i, column := range header {
		header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\uFEFF")))
		if !slices.Contains(csvColumns(), header[i]) {
			return errs.New(errs.Invalid, "%s, line 1: %q is no column that is known here: use %s", name, column,
				strings.Join(csvColumns(), ", "))
		}
		if slices.Contains(header[:i], header[i]) {
			return errs.New(errs.Invalid, "%s, line 1: the column %s stands twice: remove one", name, header[i])
		}
	}
	if !slices.Contains(header, "question") {
		return errs.New(errs.Invalid, "%s, line 1: there is no column question: name the one with the visitors' messages so", name)
	}
	return nil
}

// imported collects the rows of a table.
type imported struct {
	suite Suite
	ids   map[string]bool
}

func (in *imported) row(row map[string]string) error {
	c := Case{ID: row["id"], Question: row["question"], Reason: row["reason"], Intent: row["intent"], Lang: row["lang"],
		Decision: bot.Decision(row["decision"]), Sources: listOf(row["sources"], "|"), Forbidden: listOf(row["forbidden"], "|"),
		Tags: listOf(row["tags"], "|"), History: listOf(row["history"], "|"), Choices: listOf(row["choices"], "|")}
	for _, fact := range listOf(row["facts"], ";") {
		c.Facts = append(c.Facts, listOf(fact, "|"))
	}
	switch {
	case c.Question == "":
		return errs.New(errs.Invalid, "the column question is empty: write what the visitor says, or remove the line")
	case c.Decision == "":
		c.Decision = bot.Answer
	case !slices.Contains([]bot.Decision{bot.Answer, bot.Clarify, bot.Handoff}, c.Decision):
		return errs.New(errs.Invalid, "the column decision is %q: use answer, clarify or handoff", c.Decision)
	}
	if dialogue := row["dialogue"]; dialogue != "" {
		return in.turn(dialogue, c)
	}
	if c.ID == "" {
		c.ID = in.newID(c)
	}
	return in.add(c)
}

// turn adds a row to the dialogue before it, or begins another.
func (in *imported) turn(dialogue string, c Case) error {
	c.ID, c.History = "", nil
	if last := len(in.suite.Cases) - 1; last >= 0 && in.suite.Cases[last].ID == dialogue {
		in.suite.Cases[last].Turns = append(in.suite.Cases[last].Turns, c)
		return nil
	}
	return in.add(Case{ID: dialogue, Lang: c.Lang, Turns: []Case{c}})
}

func (in *imported) add(c Case) error {
	if in.ids[c.ID] {
		return errs.New(errs.Invalid, "the id %q stands twice: rename one of them, or put the rows of one dialogue together", c.ID)
	}
	in.ids[c.ID] = true
	in.suite.Cases = append(in.suite.Cases, c)
	return nil
}

func (in *imported) finish(name string) (Suite, error) {
	if len(in.suite.Cases) == 0 {
		return Suite{}, errs.New(errs.Invalid, "%s has no rows below its first line: write one per question", name)
	}
	return in.suite, nil
}

// listOf splits a cell and drops what is empty.
func listOf(cell, by string) (out []string) {
	for part := range strings.SplitSeq(cell, by) {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
