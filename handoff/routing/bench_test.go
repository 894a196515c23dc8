package routing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/handoff/routing"
)

// manyRules are n rules of which none but the last matches, of the kinds that people write.
func manyRules(n int) []routing.Rule {
	rules := make([]routing.Rule, n)
	for i := range rules {
		kinds := []string{
			fmt.Sprintf("user_level == 'VIP%d'", i),
			fmt.Sprintf("contains_any(text, ['退款%d', 'refund%d'])", i, i),
			fmt.Sprintf("intent == 'intent_%d' && language == 'zh'", i),
			fmt.Sprintf("age > %d && plan in ['basic', 'pro%d']", 1000+i, i),
		}
		rules[i] = routing.Rule{Condition: kinds[i%len(kinds)], Action: fmt.Sprintf("assign_to_group('g%d')", i)}
	}
	rules[n-1].Condition = "true"
	return rules
}

func busyFacts() routing.Facts {
	text := ""
	for range 20 {
		text += "Hello, my parcel has not come and I am waiting for it. "
	}
	return routing.Facts{Attributes: map[string]any{"user_level": "gold", "age": 40.0, "plan": "pro"}, Text: text,
		Language: "zh", Intent: "delivery", Time: time.Unix(1e9, 0)}
}

func BenchmarkRouteThousandRules(b *testing.B) {
	rules, err := routing.Compile(manyRules(1000))
	require.NoError(b, err)
	facts := busyFacts()
	b.ReportAllocs()
	for b.Loop() {
		route, err := rules.Route(b.Context(), facts)
		if err != nil || route.Rule != 1000 {
			b.Fatal(route, err)
		}
	}
}

func BenchmarkCompileThousandRules(b *testing.B) {
	texts := manyRules(1000)
	for b.Loop() {
		if _, err := routing.Compile(texts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChooseOf500(b *testing.B) {
	candidates := make([]routing.Candidate, 500)
	for i := range candidates {
		candidates[i] = routing.Candidate{Agent: int64(i + 1), Load: i % 3, Capacity: 5, Skills: map[string]int{"returns": i % 6}}
	}
	need := routing.Need{Policy: routing.BySkill, Skills: map[string]int{"returns": 2}}
	for b.Loop() {
		if _, ok := routing.Choose(need, candidates); !ok {
			b.Fatal("nobody")
		}
	}
}
