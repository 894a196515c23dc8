package routing_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

// FuzzParse reads anything: what is accepted can be written, read again and asked.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{verbatim, one("age > 18 && plan in ['a']"), one("entities.all(e, e.kind == text)"),
		rule("skills('a', {'b': 3}); set_priority(-2)"), one("has(contact.x) ? vip : text.matches('(a+)+$')"),
		`{"routing_rules":[{"keywords":["退款","\ud83d\ude00"],"action":["round_robin()","require_language()"]}]}`,
		one("{'a': [x, y.z]}[text].w"), one("1/0 == 1"), "routing_rules: [", "- a: &x [*x]", "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rules, err := routing.Parse(data)
		if err != nil {
			require.Nil(t, rules)
			require.True(t, errs.Is(err, errs.Invalid))
			require.NotEmpty(t, errs.Public(err))
			return
		}
		written, err := json.Marshal(map[string]any{"routing_rules": rules.Texts()})
		require.NoError(t, err)
		again, err := routing.Parse(written)
		require.NoError(t, err, "%s", written)
		facts := busyFacts()
		want, wantErr := rules.Route(t.Context(), facts)
		got, gotErr := again.Route(t.Context(), facts)
		require.Equal(t, want, got)
		require.Equal(t, wantErr == nil, gotErr == nil)
	})
}

// FuzzRoute asks real rules about anything: there is always an answer, in time, and the last rule catches all.
func FuzzRoute(f *testing.F) {
	f.Add("hello 退款", "https://a/b", "zh", `{"user_level":"VIP","age":"x"}`, 0.5)
	f.Add("\xff\x00", "::%zz", "", `{"age":[1],"user_level":{"a":null},"tags":3}`, -1.0)
	f.Add("", "", "en", `null`, 1e300)
	rules, err := routing.Compile([]routing.Rule{
		{Condition: "user_level == 'VIP' && age > 18", Action: "assign_to_group('a')"},
		{Condition: "contains_any(text, ['退款', 'refund', user_level])", Action: "assign_to_group('b')"},
		{Condition: "tags.exists(t, t.startsWith('x')) || address.city == 'Oslo'", Action: "assign_to_group('c')"},
		{Condition: "page.path.matches('^/(a+)+$') && page.host.size() > age", Action: "assign_to_group('d')"},
		{Condition: "age % 2 == 0 || int(user_level) / messages > 1", Action: "require_language(); assign_to_group('e')"},
		{Condition: "confidence * 2.0 < age || vip && !verified", Action: "assign_to_group('f')"},
		{Condition: "true", Action: "assign_to_group('rest')"},
	})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text, page, language, attributes string, confidence float64) {
		var known map[string]any
		_ = json.Unmarshal([]byte(attributes), &known)
		start := time.Now()
		route, _ := rules.Route(t.Context(), routing.Facts{Attributes: known, Text: text, Page: page, Language: language,
			Confidence: confidence, Time: start})
		require.NotZero(t, route.Rule)
		require.NotEmpty(t, route.Group)
		require.Less(t, time.Since(start), time.Second)
	})
}
