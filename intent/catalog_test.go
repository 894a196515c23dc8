package intent_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/errs"
)

func TestLoadCatalog(t *testing.T) {
	t.Parallel()
	got, err := intent.LoadCatalog(strings.NewReader(`
intents:
  - name: order_status
    description: Where an order is.
    threshold: 0.7
    group: orders
    label: {en: Track an order, zh: 查询订单}
    examples:
      en: ["Where is my parcel?", "track: my order"]
      zh:
        - 我的包裹到哪里了
  - name: greeting
    policy: reply
    reply: {en: Hello!}
    examples: {en: [hi]}
out_of_scope:
  en: ["What is the capital of France?"]
`))
	require.NoError(t, err)
	want := intent.Catalog{
		Intents: []intent.Intent{{
			Name: "order_status", Description: "Where an order is.", Policy: intent.PolicyAnswer, Threshold: 0.7, Group: "orders",
			Label:    map[string]string{"en": "Track an order", "zh": "查询订单"},
			Examples: map[string][]string{"en": {"Where is my parcel?", "track: my order"}, "zh": {"我的包裹到哪里了"}},
		}, {
			Name: "greeting", Policy: intent.PolicyReply, Reply: map[string]string{"en": "Hello!"},
			Examples: map[string][]string{"en": {"hi"}},
		}},
		OutOfScope: map[string][]string{"en": {"What is the capital of France?"}},
	}
	require.Empty(t, cmp.Diff(want, got))
}

func TestLoadCatalogNamesTheLine(t *testing.T) {
	t.Parallel()
	const head = "intents:\n- name: a\n  examples: {en: [where is it]}\n"
	tests := []struct{ name, yaml, want string }{
		{"empty", "", "the intent catalog is empty"},
		{"not YAML", "intents: [", "not YAML: line 1"},
		{"not a mapping", "- a", "line 1: the catalog must be a mapping"},
		{"no intents", "intents: []", "has no intents"},
		{"unknown key", head + "intent: []", `line 4: the catalog has no field "intent": use one of entities, intents, out_of_scope`},
		{"unknown field", head + "  exmaples: {}", `line 4: an intent has no field "exmaples"`},
		{"twice the field", head + "  name: b", `line 4: "name" stands twice, first in line 2`},
		{"duplicate intent", head + "- name: a\n  examples: {en: [x]}", `line 4: intent "a" is already defined in line 2`},
		{"no name", head + "- examples: {en: [x]}", "line 4: the intent has no name"},
		{"bad name", head + "- name: Order Status\n  examples: {en: [x]}", `line 4: intent name "Order Status": use lower-case`},
		{"reserved name", head + "- name: oos\n  examples: {en: [x]}", `line 4: the name "oos" is reserved`},
		{"no examples", head + "- name: b", `line 4: intent "b" has no examples`},
		{"empty examples", head + "- name: b\n  examples: {en: []}", `line 4: intent "b" has no examples`},
		{"unknown policy", head + "- name: b\n  policy: shout\n  examples: {en: [x]}", `line 4: intent "b" has the unknown policy "shout"`},
		{"reply without text", head + "- name: b\n  policy: reply\n  examples: {en: [x]}", `line 4: intent "b" has the policy reply but no reply`},
		{"threshold", head + "  threshold: 1.5", "line 4: the threshold must be a number above 0 and up to 1"},
		{"same example", head + "- name: b\n  examples:\n    en:\n    - Where is IT?", `line 7: the example "Where is IT?" of "b" stands also under "a" in line 3`},
		{"same out of scope", head + "out_of_scope:\n  en: [where is it]", `line 5: the example "where is it" of "oos" stands also under "a"`},
		{"example without words", head + "- name: b\n  examples: {en: ['?!']}", "line 5: an example of \"b\" has no words"},
		{"example is a list", head + "- name: b\n  examples: {en: [[x]]}", "line 5: a single text is expected"},
		{"examples without language", head + "- name: b\n  examples: [x]", "line 5: examples of b must be a mapping"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := intent.LoadCatalog(strings.NewReader(test.yaml))
			require.Equal(t, errs.Invalid, errs.KindOf(err))
			require.Contains(t, errs.Public(err), test.want)
		})
	}
}
