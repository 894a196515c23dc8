package evals

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"handrail/bot"
	"handrail/internal/errs"
)

const dialogue = `
name: shop
cases:
  - id: talk
    lang: en
    tags: [long]
    history: [hello]
    turns:
      - {question: card, decision: clarify, choices: [Gift cards]}
      - question: Gift cards
        decision: answer
        sources: [gift.md]
        entities: [{kind: amount, value: 25 USD}]
        verdict: {reply: 36 months., right: true}
`

func load(t *testing.T, name, in string) Suite {
	t.Helper()
	s, err := LoadSuite(name, strings.NewReader(in))
	require.NoError(t, err)
	return s
}

func TestLoadDialogue(t *testing.T) {
	t.Parallel()
	s := load(t, "s.yaml", dialogue)
	require.Equal(t, 2, s.Questions())
	steps := s.Cases[0].steps()
	require.Equal(t, Case{ID: "talk/1", Question: "card", Lang: "en", Tags: []string{"long"}, Decision: bot.Clarify,
		Choices: []string{"Gift cards"}}, steps[0])
	require.Equal(t, "talk/2", steps[1].ID)
	require.Equal(t, []Entity{{Kind: "amount", Value: "25 USD"}}, steps[1].Entities)
	require.Equal(t, &Verdict{Reply: "36 months.", Right: true}, steps[1].Verdict)
}

func TestLoadSuiteOfLines(t *testing.T) {
	t.Parallel()
	s := load(t, "dir/nightly.jsonl", "{\"id\":\"a\",\"question\":\"\\ud83d\\ude00 1\\/2?\",\"decision\":\"answer\"}\n\n"+
		`{"id":"t","turns":[{"question":"q","decision":"handoff"}]}`+"\n")
	require.Equal(t, "nightly", s.Name)
	require.Equal(t, "😀 1/2?", s.Cases[0].Question, "escapes of JSON")
	require.Len(t, s.Cases[1].Turns, 1)
	for in, want := range map[string]string{
		"":                 "s.jsonl has no cases",
		"{\n":              "s.jsonl, line 1 is not JSON",
		"\n\n[]":           "s.jsonl, line 3: a case is a list of fields",
		`{"id":"a"}`:       `s.jsonl, line 1: case "a" has no question`,
		"\n" + `{"id": 5}`: "s.jsonl, line 2, field id: 5 is not a text: put it in quotes",
	} {
		_, err := LoadSuite("s.jsonl", strings.NewReader(in))
		require.ErrorContains(t, err, want, in)
		require.True(t, errs.Is(err, errs.Invalid), in)
	}
}

// refusals are suites that must not load, with what the error must say.
func refusals() map[string]string {
	const a = "id: a, question: q, decision: answer"
	return map[string]string{
		"cases: {}":                                                      "line 1: a list is expected",
		"[]":                                                             "a suite is a list of fields",
		"cases: []":                                                      "has no cases",
		"cases: [5]":                                                     "a case is a list of fields",
		"cases: [{" + a + ", facts: [one]}]":                             "line 1, field facts: a list is expected",
		"cases: [{" + a + ", facts: [[]]}]":                              "field facts: a fact has no text",
		"cases: [{" + a + ", facts: [[30]]}]":                            "field facts: 30 is not a text: put it in quotes",
		"cases: [{" + a + ", lang: English}]":                            "field lang: lang is \"English\": use two letters",
		"cases: [{" + a + ", lang: ''}]":                                 "field lang: the text is empty",
		"cases: [{" + a + ", reason: }]":                                 "field reason: a text is expected",
		"cases: [{" + a + ", id: b}]":                                    "the field id stands twice",
		"cases: [{" + a + ", choices: [x]}]":                             "only clarify offers choices",
		"cases: [{" + a + ", entities: [{}]}]":                           "field entities: an entity has no kind",
		"cases: [{" + a + ", entities: [{sort: x}]}]":                    `"sort" is no field of a entity: use kind, text, value`,
		"cases: [{" + a + ", verdict: {reply: x}}]":                      "a verdict needs the reply",
		"cases: [{" + a + ", verdict: {reply: x, right: 1}}]":            "field verdict.right: right is \"1\": write true or false",
		"cases: [{" + a + ", turns: [{question: q, decision: answer}]}]": "the field question stands beside turns",
		"cases: [{id: a, turns: [{question: q}]}]":                       "field turns: turn has no decision",
		"cases: [{id: a, turns: [{" + a + "}]}]":                         `"id" is no field of a turn`,
		"cases: [{id: a, sources: [x], turns: [{question: q, decision: answer}]}]": "the field sources stands beside turns",
	}
}

func TestLoadSuiteSaysWhatToDo(t *testing.T) {
	t.Parallel()
	more := map[string]string{
		"cases: [{id: a, turns: [{question: q, decision: answer}]}, {id: a/1, question: q, decision: answer}]": `"a/1" stands twice`,
		"x: &x [q]\ncases: []": `"x" is no field`,
		"cases: [{id: a, question: &q q, decision: answer, reason: *q}]": "refers to another place",
		"cases: [{id: a, question: q, decision: answer}]\n---\nname: x":  "second document",
	}
	for _, set := range []map[string]string{refusals(), more} {
		for in, want := range set {
			_, err := LoadSuite("s.yaml", strings.NewReader(in))
			require.ErrorContains(t, err, want, in)
			require.ErrorContains(t, err, "s.yaml", in)
			require.True(t, errs.Is(err, errs.Invalid), in)
		}
	}
}

// schema returns the check of the committed JSON Schema for a suite in YAML.
func schema(t *testing.T) func(in string) error {
	t.Helper()
	src, err := os.ReadFile("suite.schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("suite.schema.json", doc))
	compiled, err := c.Compile("suite.schema.json")
	require.NoError(t, err)
	return func(in string) error {
		var value any
		if err := yaml.Unmarshal([]byte(in), &value); err != nil {
			return err
		}
		b, err := json.Marshal(value)
		if err != nil {
			return err
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			return err
		}
		return compiled.Validate(instance)
	}
}

func TestSchemaAgreesWithTheLoader(t *testing.T) {
	t.Parallel()
	check := schema(t)
	sampleSuite, err := os.ReadFile("../sample/suite.yaml")
	require.NoError(t, err)
	for _, in := range []string{dialogue, string(sampleSuite)} {
		require.NoError(t, check(in))
		load(t, "s.yaml", in)
	}
	for in := range refusals() {
		require.Error(t, check(in), in)
	}
}

// Any combination of fields, right and wrong, is judged alike by the schema and the loader.
func TestSchemaAgreesWithTheLoaderOnAnything(t *testing.T) {
	t.Parallel()
	check := schema(t)
	values := map[string][]string{
		"question": {"q", "", "[q]", "5"}, "decision": {"answer", "clarify", "handoff", "maybe"}, "lang": {"en", "English", "e1"},
		"tags": {"[]", "[a, b]", "a", "['']"}, "history": {"[x]", "[[x]]"}, "sources": {"[a.md]", "[5]"}, "facts": {"[[a, b], [c]]", "[[]]", "[]"}, "readings": {"[[a.md, 'intent:b']]", "[[]]", "[a]"},
		"forbidden": {"[x]", "{}"}, "intent": {"oos", "true"}, "reason": {"anger", "null"}, "choices": {"[A]", "[]"},
		"entities": {"[{kind: email}]", "[{kind: email, value: a@b, text: A}]", "[{value: x}]", "[{kind: x, y: z}]"},
		"verdict":  {"{reply: x, right: false}", "{reply: x}", "{reply: x, right: no way}"}, "colour": {"red"},
		"turns": {"[]", "[{question: q, decision: handoff}]", "[{question: q}]"},
	}
	rapid.Check(t, func(t *rapid.T) {
		fields := []string{"id: a"}
		if rapid.Bool().Draw(t, "usual") {
			fields = append(fields, "question: q")
		}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(values))), 0, 4, rapid.ID[string]).Draw(t, "names") {
			if name != "question" || len(fields) == 1 {
				fields = append(fields, name+": "+quoted(rapid.SampledFrom(values[name]).Draw(t, name)))
			}
		}
		in := "cases: [{" + strings.Join(fields, ", ") + "}]"
		_, err := LoadSuite("s.yaml", strings.NewReader(in))
		require.Equal(t, err == nil, check(in) == nil, "%s: loader %v, schema %v", in, err, check(in))
	})
}

// quoted writes the empty text as YAML does.
func quoted(s string) string {
	if s == "" {
		return "''"
	}
	return s
}

func TestWriteDialogueIsReadBack(t *testing.T) {
	t.Parallel()
	want := load(t, "s.yaml", dialogue)
	var b bytes.Buffer
	require.NoError(t, WriteSuite(&b, want))
	require.Equal(t, want, load(t, "s.yaml", b.String()))
}
