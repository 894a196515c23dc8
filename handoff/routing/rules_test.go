package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

// verbatim is the format that people bring along.
const verbatim = `{"routing_rules":[{"condition":"user_level == 'VIP'","action":"assign_to_group('premium')"},` +
	`{"condition":"true","action":"round_robin('default_group')"}]}`

func parse(t testing.TB, text string) *routing.Rules {
	t.Helper()
	r, err := routing.Parse([]byte(text))
	require.NoError(t, err)
	return r
}

// one is a rule set of one condition.
func one(condition string) string {
	return "routing_rules:\n- action: assign_to_group('g')\n  condition: |-\n    " + condition + "\n"
}

func TestTheFormatIsReadVerbatim(t *testing.T) {
	t.Parallel()
	rules := parse(t, verbatim)
	vip, err := rules.Route(t.Context(), routing.Facts{Attributes: map[string]any{"user_level": "VIP"}})
	require.NoError(t, err)
	require.Equal(t, routing.Route{Group: "premium", Rule: 1}, vip)
	for _, attributes := range []map[string]any{nil, {"user_level": "gold"}, {"user_level": 3.0}, {"user_level": nil}} {
		other, err := rules.Route(t.Context(), routing.Facts{Attributes: attributes})
		require.NoError(t, err)
		require.Equal(t, routing.Route{Group: "default_group", Policy: routing.RoundRobin, Rule: 2}, other)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	facts := routing.Facts{
		Attributes: map[string]any{"age": 30.0, "plan": "pro", "tags": []any{"a", "b"}, "vip": true, "reason": "own",
			"address": map[string]any{"city": "Oslo"}},
		Channel: "web", Page: "https://shop.example/checkout/pay?x=1", Language: "zh", Intent: "refund",
		Entities:  []routing.Entity{{Kind: "order", Value: "A-1"}},
		Sentiment: "angry", Reason: "anger", Confidence: 0.25, Messages: 7, Text: "我要退款，Ｒefund please",
		Time: time.Date(2026, 11, 21, 18, 30, 0, 0, time.FixedZone("CST", 8*3600)),
	}
	tests := []struct {
		condition string
		want      bool
	}{
		{"age > 18", true},
		{"age >= 30 && age < 30.5", true},
		{"plan == 'pro' && intent == 'refund'", true},
		{"plan in ['basic', 'pro']", true},
		{"'a' in tags", true},
		{"address.city == 'Oslo'", true},
		{"contact.address.city == 'Oslo' && contact.plan == 'pro'", true},
		{"contact.reason == 'own' && reason == 'anger'", true},
		{"vip && !verified", true},
		{"confidence < 1", true},
		{"messages > 5 && conversation.messages == 7", true},
		{"page.host == 'shop.example' && page.path.startsWith('/checkout')", true},
		{"page.contains('checkout')", true},
		{"hour == 18 && minute == 30 && weekday == 'sat' && date == '2026-11-21'", true},
		{"weekday in ['mon', 'tue']", false},
		{"time < timestamp('2027-01-01T00:00:00Z')", true},
		{"entities.exists(e, e.kind == 'order' && e.value.startsWith('A'))", true},
		{"text.matches('退款|refund')", true},
		{"contains_any(text, ['退款'])", true},
		{"contains_any(text, ['REFUND'])", true},
		{"contains_any(text, ['fund'])", false},
		{"contains_any(text, ['功能咨询', '保修'])", false},
		{"contains_any(plan, ['Pro'])", true},
		{"contains_any(text, [plan, 'refund'])", true},

		// What the contact lacks is no failure: a comparison with it is false.
		{"missing == 'x'", false},
		{"missing != 'x'", true},
		{"missing > 3", false},
		{"!(missing > 3)", true},
		{"missing > 3 || age > 18", true},
		{"missing.startsWith('x')", false},
		{"missing.a.b == 1", false},
		{"contains_any(missing, ['x'])", false},
		{"contact.missing == null", true},
		{"missing + 1 > 0", false},
		{"missing", false},
		{"'x' in missing", false},
		{"missing in ['x']", false},
		{"missing.exists(x, x == 1)", false},
		{"missing.matches('x')", false},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			route, err := parse(t, one(tt.condition)).Route(t.Context(), facts)
			require.NoError(t, err)
			require.Equal(t, tt.want, route.Rule == 1)
		})
	}
}

func TestKeywordsAreRulesLikeOthers(t *testing.T) {
	t.Parallel()
	rules := parse(t, `
routing_rules:
- keywords: [退款, it's broken]
  action: assign_to_group('after-sales')
- name: questions about features
  keywords: [功能咨询]
  condition: language == 'zh'
  action: [assign_to_group('technical'), set_priority(2)]
`)
	require.Equal(t, []routing.Rule{
		{Condition: `contains_any(text, ['退款', 'it\'s broken'])`, Action: "assign_to_group('after-sales')"},
		{Name: "questions about features", Condition: "contains_any(text, ['功能咨询']) && (language == 'zh')",
			Action: "assign_to_group('technical'); set_priority(2)"},
	}, rules.Texts())
	again, err := routing.Compile(rules.Texts())
	require.NoError(t, err)
	for text, want := range map[string]routing.Route{
		"我想申请退款":              {Group: "after-sales", Rule: 1},
		"Sorry, IT'S  Broken": {Group: "after-sales", Rule: 1},
		"想做功能諮詢":              {},
		"想做功能咨询":              {Group: "technical", Priority: 2, Rule: 2},
		"hello":               {},
	} {
		for _, r := range []*routing.Rules{rules, again} {
			got, err := r.Route(t.Context(), routing.Facts{Text: text, Language: "zh"})
			require.NoError(t, err)
			require.Equal(t, want, got, text)
		}
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action string
		want   routing.Route
	}{
		{"round_robin('a')", routing.Route{Group: "a", Policy: routing.RoundRobin}},
		{"least_loaded('a')", routing.Route{Group: "a", Policy: routing.LeastLoaded}},
		{`longest_idle("a")`, routing.Route{Group: "a", Policy: routing.LongestIdle}},
		{"longest_idle()", routing.Route{Policy: routing.LongestIdle}},
		{"skills('a', {'returns': 3, 'fr': 1})", routing.Route{Group: "a", Policy: routing.BySkill,
			Skills: map[string]int{"returns": 3, "fr": 1}}},
		{"skills({'returns': 3})", routing.Route{Policy: routing.BySkill, Skills: map[string]int{"returns": 3}}},
		{"assign_to_agent('Kim@Example.com')", routing.Route{Email: "kim@example.com"}},
		{"set_priority(-3)", routing.Route{Priority: -3}},
		{"require_language()", routing.Route{Language: "pt-BR"}},
		{"require_language('fr')", routing.Route{Language: "fr"}},
		{"assign_to_group('a;b'); set_priority(1) ;require_language();", routing.Route{Group: "a;b", Priority: 1, Language: "pt-BR"}},
	}
	for _, tt := range tests {
		t.Run(tt.action, func(t *testing.T) {
			t.Parallel()
			rules, err := routing.Compile([]routing.Rule{{Condition: "true", Action: tt.action}})
			require.NoError(t, err)
			tt.want.Rule = 1
			got, err := rules.Route(t.Context(), routing.Facts{Language: "pt-BR"})
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestProblemsNameThePlaceAndTheRemedy(t *testing.T) {
	t.Parallel()
	known := routing.Known{Groups: []string{"premium", "sales", "g"}, Agents: []string{"kim@example.com"}}
	tests := []struct {
		name, text string
		place      routing.Problem // without the message
		want       string          // part of the message
	}{
		{"an unknown function", one("is_vip(user_level)"), routing.Problem{Rule: 1, Part: "condition", Column: 7}, "no function is_vip"},
		{"a type error", one("intent == 'x' && language == 3"), routing.Problem{Rule: 1, Part: "condition", Column: 27}, "== does not fit"},
		{"no bool", one("language"), routing.Problem{Rule: 1, Part: "condition"}, "must be true or false"},
		{"a slip", one("user_level = 'VIP'"), routing.Problem{Rule: 1, Part: "condition", Column: 12}, `"equal" is written ==`},
		{"words", one("vip and verified"), routing.Problem{Rule: 1, Part: "condition", Column: 5}, "&&"},
		{"curly quotes", one("user_level == ‘VIP’"), routing.Problem{Rule: 1, Part: "condition", Column: 15}, "straight quotes"},
		{"behind Chinese", one("intent == '退款' && foo(text)"), routing.Problem{Rule: 1, Part: "condition", Column: 22}, "no function foo"},
		{"a misspelt variable", one("langauge == 'zh'"), routing.Problem{Rule: 1, Part: "condition"}, "did you mean language"},
		{"a bare prefix", one("has(contact.age)"), routing.Problem{Rule: 1, Part: "condition", Column: 5}, "contact.user_level != null"},
		{"an unknown part", one("page.color == 'x'"), routing.Problem{Rule: 1, Part: "condition"}, "page has host and path"},
		{"never", one("1 > 2"), routing.Problem{Rule: 1, Part: "condition"}, "never true"},
		{"cost", one("entities.all(a, entities.all(b, entities.all(c, entities.all(d, a.kind == d.kind))))"),
			routing.Problem{Rule: 1, Part: "condition"}, "too long"},
		{"a bad pattern", one("text.matches('(')"), routing.Problem{Rule: 1, Part: "condition"}, "missing closing )"},
		{"no rules", `{"routing_rules":[]}`, routing.Problem{}, "no rules"},
		{"no JSON", "{\"routing_rules\":\n[}", routing.Problem{}, "line 2"},
		{"a foreign field", `{"routing_rules":[{"when":"true"}]}`, routing.Problem{}, `unknown field "when"`},
		{"a foreign field in YAML", "routing_rules:\n- when: x", routing.Problem{}, "when"},
		{"more after the end", verbatim + "x", routing.Problem{}, "follows"},
		{"no condition", `{"routing_rules":[{"action":"round_robin()"}]}`, routing.Problem{Rule: 1, Part: "condition"}, "none"},
		{"an empty keyword", `{"routing_rules":[{"keywords":[" "],"action":"round_robin()"}]}`,
			routing.Problem{Rule: 1, Part: "condition"}, "keyword 1 is empty"},
		{"no action", `{"routing_rules":[{"condition":"vip"}]}`, routing.Problem{Rule: 1, Part: "action"}, "does nothing"},
		{"an unknown action", rule("send_to('a')"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "no action send_to"},
		{"an unknown group", rule("set_priority(1); assign_to_group('premuim')"),
			routing.Problem{Rule: 1, Part: "action", Column: 18}, `did you mean "premium"?`},
		{"another unknown group", rule("round_robin('other')"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "premium, sales"},
		{"an unknown agent", rule("assign_to_agent('al@example.com')"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "no agent"},
		{"two groups", rule("assign_to_group('premium'); round_robin('sales')"),
			routing.Problem{Rule: 1, Part: "action", Column: 29}, "a group already"},
		{"a level", rule("skills({'a': 6})"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "1 to 5"},
		{"a name for a value", rule("assign_to_group(sales)"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "assign_to_group('sales')"},
		{"no text", rule("assign_to_group(3)"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "assign_to_group('sales')"},
		{"a priority", rule("set_priority('high')"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "-100 to 100"},
		{"no call", rule("premium"), routing.Problem{Rule: 1, Part: "action", Column: 1}, "no action"},
		{"a broken action", rule("assign_to_group('premium'"), routing.Problem{Rule: 1, Part: "action", Column: 26}, "cannot be read"},
		{"behind true", `{"routing_rules":[{"condition":"true","action":"round_robin()"},{"condition":"vip","action":"round_robin()"}]}`,
			routing.Problem{Rule: 2}, "rule 1 always matches"},
		{"twice the same", `{"routing_rules":[{"condition":"vip","action":"round_robin()"},{"condition":"vip","action":"set_priority(1)"}]}`,
			routing.Problem{Rule: 2}, "rule 1 has the same condition"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules, problems := routing.Check([]byte(tt.text), known)
			require.Nil(t, rules)
			require.Len(t, problems, 1, "%v", problems)
			require.Contains(t, problems[0].Message, tt.want)
			tt.place.Message = problems[0].Message
			require.Equal(t, tt.place, problems[0])
		})
	}
}

// rule is a rule set of one action.
func rule(action string) string {
	return "routing_rules:\n- condition: vip\n  action: |-\n    " + action + "\n"
}

func TestAllProblemsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := routing.Parse([]byte(`{"routing_rules":[{"condition":"a(","action":"b"},{"condition":"foo(vip)","action":"set_priority(1)"}]}`))
	require.True(t, errs.Is(err, errs.Invalid))
	for _, want := range []string{"rule 1, condition", "rule 1, action, column 1", "rule 2, condition, column 4"} {
		require.ErrorContains(t, err, want)
	}
}

func TestAFailingRuleIsPassedOver(t *testing.T) {
	t.Parallel()
	rules := parse(t, `
routing_rules:
- {condition: "age > 18", action: assign_to_group('a')}
- {condition: "int(code) > 1", action: assign_to_group('b')}
- {condition: "true", action: assign_to_group('c')}
`)
	route, err := rules.Route(t.Context(), routing.Facts{Attributes: map[string]any{"age": "secret", "code": "secret"}})
	require.Equal(t, routing.Route{Group: "c", Rule: 3}, route)
	require.ErrorContains(t, err, "rule 1: an attribute of the contact is of another type than the condition expects")
	require.ErrorContains(t, err, "rule 2: its values do not fit")
	require.NotContains(t, err.Error(), "secret")
}

func TestAConditionThatTakesTooLongIsPassedOver(t *testing.T) {
	t.Parallel()
	many := make([]any, 400_000)
	for i := range many {
		many[i] = "x"
	}
	rules := parse(t, `
routing_rules:
- {condition: "tags.all(a, a == 'x')", action: assign_to_group('a')}
- {condition: "true", action: assign_to_group('b')}
`)
	start := time.Now()
	route, err := rules.Route(t.Context(), routing.Facts{Attributes: map[string]any{"tags": many}})
	require.ErrorContains(t, err, "rule 1: it took more than")
	require.Equal(t, "b", route.Group)
	require.Less(t, time.Since(start), 5*time.Second)
}
