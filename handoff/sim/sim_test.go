package sim_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/handoff/routing"
	"handrail/handoff/sim"
)

func load(t testing.TB, text string) *sim.Scenario {
	t.Helper()
	s, err := sim.Load([]byte(text))
	require.NoError(t, err)
	return s
}

// markov is an M/M/c queue: exponential times, nobody gives up, each agent has one conversation at a time.
func markov(servers int, perHour float64) string {
	return fmt.Sprintf(`
length: 200h
warmup: 20h
arrivals: {per_hour: [%g]}
handling: {shape: exponential, mean: 5m}
teams: [{count: %d, capacity: 1}]
`, perHour, servers)
}

// TestAgreesWithErlang compares the simulation with the formula, within the confidence limits of ten days of 180 hours.
func TestAgreesWithErlang(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		servers int
		perHour float64
	}{{1, 6}, {3, 25}, {10, 100}, {25, 280}} {
		t.Run(fmt.Sprintf("%d servers", tt.servers), func(t *testing.T) {
			t.Parallel()
			load1 := tt.perHour / 12 // conversations at a time
			waiting := sim.ErlangC(tt.servers, load1)
			mean := waiting * 300 / (float64(tt.servers) - load1)
			r, err := load(t, markov(tt.servers, tt.perHour)).Compare(t.Context(), []routing.Policy{routing.LongestIdle}, 1, 10)
			require.NoError(t, err)
			line := r.Lines[0]
			var waited []float64
			for _, d := range line.Days {
				waited = append(waited, d.Wait.Waited)
			}
			// 99.9 % limits instead of 95 %, because this test makes eight comparisons in every run.
			const wider = 4.781 / 2.262
			m := line.Metrics["wait_mean"]
			require.InDelta(t, mean, m.Mean, wider*m.Half, "mean wait")
			avg, half := meanOf(waited)
			require.InDelta(t, waiting, avg, wider*half, "probability of waiting")
			require.InDelta(t, load1/float64(tt.servers), line.Metrics["utilisation"].Mean, 0.02)
			t.Logf("%d servers, load %.2f: mean wait %.1f s (Erlang C %.1f), waiting %.3f (%.3f)", tt.servers, load1, m.Mean, mean, avg, waiting)
		})
	}
}

func meanOf(values []float64) (mean, half float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	var squares float64
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	n := float64(len(values))
	return mean, 2.262 * math.Sqrt(squares/(n-1)/n)
}

const mixed = `
name: mixed
length: 12h
arrivals: {per_hour: [60, 90, 120], bursts: [{at: 3h, for: 10m, extra: 60}]}
handling: {shape: lognormal, mean: 6m, cv: 0.8}
patience: {shape: exponential, mean: 8m}
slowdown: 0.1
kinds:
- {name: returns, share: 2, language: en, text: I want a refund}
- {name: vip, share: 1, language: zh, attributes: {user_level: VIP}, handling: {shape: constant, mean: 4m}}
groups: [{name: after-sales, policy: least_loaded}, {name: premium, policy: longest_idle}]
teams:
- {count: 5, groups: [after-sales], capacity: 3, skills: {returns: 2}, shifts: ["00:00-08:00", "09:00-12:00"]}
- {count: 2, groups: [premium, after-sales], capacity: 2, skills: {returns: 5}, languages: [zh]}
- {count: 1, groups: [], capacity: 2}
routing_rules:
- {condition: "user_level == 'VIP'", action: "assign_to_group('premium'); set_priority(2); require_language()"}
- {keywords: [refund], action: "skills('after-sales', {'returns': 1})"}
`

func TestTheSameSeedIsTheSameDay(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) sim.Report {
		r, err := load(t, mixed).Compare(t.Context(), []routing.Policy{"", routing.RoundRobin, routing.BySkill}, seed, 2)
		require.NoError(t, err)
		return r
	}
	first := play(7)
	require.Equal(t, first, play(7))
	require.NotEqual(t, first.Lines[0].Metrics, play(8).Lines[0].Metrics)
	for _, line := range first.Lines {
		for i, d := range line.Days {
			require.Equal(t, d.Offered, d.Served+d.Abandoned+d.Left, "nobody is lost")
			require.Equal(t, first.Lines[0].Days[i].Offered, d.Offered, "all policies meet the same visitors")
			require.LessOrEqual(t, d.Utilisation, 1.0)
			require.Positive(t, d.Abandoned)
		}
	}
	require.Nil(t, first.Lines[0].Versus)
	require.Contains(t, first.Lines[1].Versus, "wait_p90")
}

// TestPoliciesDoWhatTheySay looks at how evenly agents are loaded in a quiet desk, where the policy decides most.
func TestPoliciesDoWhatTheySay(t *testing.T) {
	t.Parallel()
	s := load(t, `
length: 24h
arrivals: {per_hour: [60]}
handling: {shape: exponential, mean: 2m}
teams: [{count: 10, capacity: 4, skills: {a: 1}}, {count: 1, capacity: 4, skills: {a: 5}}]
routing_rules: [{condition: "true", action: "skills({'a': 1})"}]
`)
	r, err := s.Compare(t.Context(), []routing.Policy{routing.RoundRobin, routing.LongestIdle, routing.LeastLoaded, routing.BySkill}, 1, 5)
	require.NoError(t, err)
	gini := func(i int) float64 { return r.Lines[i].Metrics["gini"].Mean }
	require.Less(t, gini(0), 0.02, "round robin is fair")
	require.Less(t, gini(1), 0.1, "so is the longest idle, nearly")
	require.Greater(t, gini(3), 0.5, "the most skilled does the most")
	require.Zero(t, r.Lines[3].Metrics["wait_p99"].Mean)
}

func TestPriorityAndShiftsAndNobody(t *testing.T) {
	t.Parallel()
	s := load(t, `
length: 2h
arrivals: {per_hour: [100]}
handling: {shape: constant, mean: 1m}
teams: [{count: 2, capacity: 1, shifts: ["01:00-02:00"]}]
`)
	day, err := s.Draw(t.Context(), 1)
	require.NoError(t, err)
	r := s.Run(day, "")
	require.Greater(t, r.Wait.Max, 3000.0, "who comes before the shift waits for it")
	require.Positive(t, r.Left, "who is not served at its end stays")
	require.InDelta(t, 1, r.Utilisation, 0.001)
	s.Teams = nil
	r = s.Run(day, "")
	require.Equal(t, r.Offered, r.Left)
	require.InDelta(t, 1, r.Abandonment, 0)
}

// TestTheMoreUrgentGoFirst has one agent for two groups: of three who wait, the urgent one overtakes who came a moment
// before, and not who came long before.
func TestTheMoreUrgentGoFirst(t *testing.T) {
	t.Parallel()
	s := load(t, `
handling: {shape: constant, mean: 10m}
kinds: [{name: a, share: 1}, {name: b, share: 1, attributes: {urgent: true}}]
groups: [{name: x, policy: round_robin}, {name: y, policy: round_robin}]
teams: [{count: 1, groups: [x, y], capacity: 1}]
routing_rules:
- {condition: urgent == true, action: "assign_to_group('y'); set_priority(1)"}
- {condition: "true", action: assign_to_group('x')}
`)
	for at, want := range map[string]float64{"20": 0 + 580 + 650, "500": 0 + 590 + 700} {
		require.NoError(t, s.LoadReplay(strings.NewReader("at,handling_s,kind\n0,,a\n10,,a\n"+at+",60,b\n")))
		day, err := s.Draw(t.Context(), 1)
		require.NoError(t, err)
		require.InDelta(t, want/3, s.Run(day, "").Wait.Mean, 0.001, at)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s := load(t, "handling: {shape: constant, mean: 10m}\nteams: [{count: 1, capacity: 1}]\nkinds: [{name: a, share: 1}, {name: b, share: 1}]")
	require.NoError(t, s.LoadReplay(strings.NewReader(
		"at,handling_s,kind\n2026-11-02T09:30:00Z,60,a\n2026-11-02T09:30:30Z,,b\n2026-11-02T09:31:00Z,5,a\n")))
	day, err := s.Draw(t.Context(), 1)
	require.NoError(t, err)
	r := s.Run(day, "")
	require.Equal(t, 3, r.Offered)
	require.InDelta(t, (30+600)/3.0, r.Wait.Mean, 0.001, "waits of 0, 30 and 600 seconds")
	for text, want := range map[string]string{
		"": "first line", "at\nyesterday\n": "line 2", "at,kind\n1,c\n": `no kind "c"`,
		"at\n2026-11-02T09:30:00Z\n2025-11-02T09:30:00Z\n": "line 3",
	} {
		require.ErrorContains(t, s.LoadReplay(strings.NewReader(text)), want)
	}
}

func TestPlanReachesTheGoalWithFewAgents(t *testing.T) {
	t.Parallel()
	s := load(t, `
length: 6h
arrivals: {per_hour: [60, 120, 600, 600, 120, 10]}
handling: {shape: exponential, mean: 5m}
teams: [{count: 1, capacity: 1}]
`)
	goal, err := sim.ParseGoal("p90<=30s")
	require.NoError(t, err)
	plan, err := s.Plan(t.Context(), goal, 1, 5)
	require.NoError(t, err)
	for h, wait := range plan.Wait {
		require.LessOrEqual(t, wait, 30.0, "hour %d", h)
	}
	load := []float64{5, 10, 50, 50, 10, 10.0 / 12}
	for h, n := range plan.Agents {
		require.Greater(t, float64(n), load[h], "fewer cannot do the work of hour %d", h)
		require.Less(t, float64(n), 1.35*load[h]+5, "more than needed in hour %d", h)
	}
}

func TestScenariosThatCannotBePlayed(t *testing.T) {
	t.Parallel()
	const ok = "handling: {shape: constant, mean: 1m}\n"
	for text, want := range map[string]string{
		"":                                  "empty",
		"handling: {shape: normal}":         "use exponential",
		"handling: {shape: constant}":       "such as 6m",
		ok + "what: 1":                      "what",
		ok + "teams: [{count: 1}]":          "capacity",
		ok + "length: 5m":                   "length",
		ok + "arrivals: {per_hour: [1e9]}":  "may be",
		ok + "arrivals: {per_hour: [.nan]}": "per_hour",
		ok + "kinds: [{share: -1}]":         "share",
		ok + "teams: [{count: 1, capacity: 1, shifts: [\"8\"]}]":                "08:00-16:30",
		ok + "teams: [{count: 99999, capacity: 1}]":                             "agents",
		ok + "routing_rules: [{condition: x, action: \"round_robin('nope')\"}]": "no group",
	} {
		_, err := sim.Load([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	for _, goal := range []string{"", "p90", "p0<=3s", "p90<=x", "p900<=3s", "p90<=-3s"} {
		_, err := sim.ParseGoal(goal)
		require.Error(t, err, goal)
	}
}

func BenchmarkDayOf100000(b *testing.B) {
	s := load(b, `
arrivals: {per_hour: [4167]}
handling: {shape: lognormal, mean: 6m, cv: 0.8}
teams: [{count: 160, capacity: 3, groups: [g]}]
groups: [{name: g, policy: least_loaded}]
routing_rules: [{condition: "true", action: "assign_to_group('g')"}]
`)
	for b.Loop() {
		day, err := s.Draw(b.Context(), 1)
		require.NoError(b, err)
		if r := s.Run(day, ""); r.Wait.Max > time.Hour.Seconds() {
			b.Fatal(r.Wait)
		}
	}
}
