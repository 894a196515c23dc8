package routing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/handoff/routing"
)

// minute is a moment n minutes after the start of the tests' clock.
func minute(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Minute) }

func TestChoose(t *testing.T) {
	t.Parallel()
	ann := routing.Candidate{Agent: 1, Load: 1, Capacity: 2, IdleSince: minute(1), AssignedAt: minute(5),
		Skills: map[string]int{"returns": 5, "fr": 1}, Languages: []string{"en-GB", "fr"}}
	bob := routing.Candidate{Agent: 2, Load: 1, Capacity: 4, IdleSince: minute(3), AssignedAt: minute(3),
		Skills: map[string]int{"returns": 3, "fr": 5}, Languages: []string{"zh"}}
	eve := routing.Candidate{Agent: 3, Load: 1, Capacity: 4, IdleSince: minute(2), AssignedAt: minute(4), Knows: true}
	full := routing.Candidate{Agent: 4, Load: 2, Capacity: 2, Skills: map[string]int{"returns": 5, "fr": 5}}
	all := []routing.Candidate{full, bob, ann, eve}
	tests := []struct {
		name string
		need routing.Need
		want int64 // 0 = nobody
	}{
		{"least loaded, of equals the one who knows the contact", routing.Need{Policy: routing.LeastLoaded}, 3},
		{"no policy", routing.Need{}, 3},
		{"longest idle", routing.Need{Policy: routing.LongestIdle}, 1},
		{"round robin", routing.Need{Policy: routing.RoundRobin}, 2},
		{"sum of skills", routing.Need{Policy: routing.BySkill, Skills: map[string]int{"returns": 1, "fr": 1}}, 2},
		{"one skill", routing.Need{Policy: routing.BySkill, Skills: map[string]int{"returns": 2}}, 1},
		{"a level", routing.Need{Policy: routing.BySkill, Skills: map[string]int{"fr": 2}}, 2},
		{"a skill that all lack", routing.Need{Skills: map[string]int{"law": 1}}, 0},
		{"no level is still a skill", routing.Need{Skills: map[string]int{"law": 0}}, 0},
		{"a language", routing.Need{Policy: routing.LongestIdle, Language: "en-US"}, 1},
		{"a language of whom none is said", routing.Need{Policy: routing.LeastLoaded, Language: "de"}, 3},
		{"by name", routing.Need{Policy: routing.LongestIdle, Agent: 2}, 2},
		{"by name, but full", routing.Need{Policy: routing.LongestIdle, Agent: 4}, 1},
		{"by name, but without the skill", routing.Need{Skills: map[string]int{"fr": 2}, Agent: 1}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := routing.Choose(tt.need, all)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.want != 0, ok)
		})
	}
}

func policies() []routing.Policy {
	return []routing.Policy{routing.LeastLoaded, routing.LongestIdle, routing.RoundRobin, routing.BySkill, ""}
}

// candidates draws agents with any load and skills; numbers are their places.
func candidates() *rapid.Generator[[]routing.Candidate] {
	return rapid.Custom(func(t *rapid.T) []routing.Candidate {
		list := make([]routing.Candidate, rapid.IntRange(0, 8).Draw(t, "agents"))
		for i := range list {
			list[i] = routing.Candidate{Agent: int64(i + 1), Load: rapid.IntRange(0, 4).Draw(t, "load"),
				Capacity: rapid.IntRange(0, 4).Draw(t, "capacity"), Knows: rapid.Bool().Draw(t, "knows"),
				IdleSince: minute(rapid.IntRange(0, 3).Draw(t, "idle")), AssignedAt: minute(rapid.IntRange(0, 3).Draw(t, "assigned")),
				Skills:    map[string]int{"a": rapid.IntRange(0, 5).Draw(t, "a"), "b": rapid.IntRange(0, 5).Draw(t, "b")},
				Languages: rapid.SliceOfN(rapid.SampledFrom([]string{"en", "zh-CN", "fr"}), 0, 2).Draw(t, "languages")}
		}
		return list
	})
}

func TestNobodyIsChosenWhoMayNotBe(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := candidates().Draw(t, "candidates")
		need := routing.Need{Policy: rapid.SampledFrom(policies()).Draw(t, "policy"),
			Skills:   map[string]int{"a": rapid.IntRange(0, 5).Draw(t, "level")},
			Language: rapid.SampledFrom([]string{"", "zh", "en-GB"}).Draw(t, "language"), Agent: rapid.Int64Range(0, 9).Draw(t, "agent")}
		may := func(c routing.Candidate) bool {
			speaks := need.Language == "" || len(c.Languages) == 0 ||
				slices.ContainsFunc(c.Languages, func(l string) bool { return l[:2] == need.Language[:2] })
			return c.Load < c.Capacity && c.Skills["a"] >= max(1, need.Skills["a"]) && speaks
		}
		got, ok := routing.Choose(need, list)
		require.Equal(t, slices.ContainsFunc(list, may), ok, "somebody is chosen exactly if anybody may be")
		if ok {
			require.True(t, may(list[got-1]), "agent %d may not", got)
		}
		shuffled := rapid.Permutation(list).Draw(t, "shuffled")
		again, _ := routing.Choose(need, shuffled)
		require.Equal(t, got, again, "the order of the candidates does not matter")
	})
}

// TestRoundRobinStarvesNobody hands out conversations to agents who are always free.
func TestRoundRobinStarvesNobody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "agents")
		list := make([]routing.Candidate, n)
		for i := range list {
			list[i] = routing.Candidate{Agent: int64(i + 1), Capacity: 1, Knows: rapid.Bool().Draw(t, "knows")}
		}
		given := make([]int, n)
		for i := range rapid.IntRange(0, 60).Draw(t, "conversations") {
			agent, ok := routing.Choose(routing.Need{Policy: routing.RoundRobin}, list)
			require.True(t, ok)
			given[agent-1]++
			list[agent-1].AssignedAt = minute(i + 1)
			require.LessOrEqual(t, slices.Max(given)-slices.Min(given), 1, "%v", given)
		}
	})
}
