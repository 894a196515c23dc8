package sim

import (
	"math"
	"slices"
	"time"
)

// Result is what a day was like. Times are seconds, shares are in [0, 1].
type Result struct {
	Offered      int      `json:"offered"` // visitors who count, after the warm-up
	Served       int      `json:"served"`
	Abandoned    int      `json:"abandoned"`
	Left         int      `json:"left"`          // still waiting when nobody was left to serve them
	Wait         Waits    `json:"wait"`          // of everybody: who gave up counts with the time that they waited
	ServiceLevel float64  `json:"service_level"` // served within the target, of all offered
	Abandonment  float64  `json:"abandonment"`
	Utilisation  float64  `json:"utilisation"` // conversations by room for them, during shifts
	Gini         float64  `json:"gini"`        // of conversations by agent and hour of room: 0 = all alike
	MinMax       float64  `json:"min_max"`     // the agent with fewest by the one with most
	Estimate     Estimate `json:"estimate"`
	Hours        []Hour   `json:"hours,omitempty"`
}

// Waits describe a distribution of waiting times.
type Waits struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P75  float64 `json:"p75"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`

	Waited float64 `json:"waited"` // share who had to wait at all
}

// Estimate says how good the wait was that visitors were told, of those who waited and were served.
type Estimate struct {
	Told   int     `json:"told"`
	Error  float64 `json:"error"`  // mean of |told - true|
	Bias   float64 `json:"bias"`   // mean of told - true: above 0 means that waits were shorter than told
	Within float64 `json:"within"` // share whose wait was in the range that goes with it
}

// Hour is what one hour of arrivals was like.
type Hour struct {
	Offered int     `json:"offered"`
	P90     float64 `json:"p90"`

	waits []float64
}

// measure collects what happens.
type measure struct {
	Result
	waits []float64
	hours []Hour
}

// count adds a wait that has ended, and reports whether it counts.
func (m *measure) count(r *run, t *talk, wait float64) bool {
	if t.arrival < r.s.Warmup.Seconds() {
		return false
	}
	m.waits = append(m.waits, wait)
	hour := int(t.arrival / time.Hour.Seconds())
	for len(m.hours) <= hour {
		m.hours = append(m.hours, Hour{})
	}
	m.hours[hour].waits = append(m.hours[hour].waits, wait)
	return true
}

func (m *measure) served(r *run, t *talk) {
	wait := t.begun - t.arrival
	if !m.count(r, t, wait) {
		return
	}
	m.Served++
	if wait <= r.s.Target.Seconds() {
		m.ServiceLevel++
	}
	if wait > 0 && t.told.Known {
		off := t.told.Wait.Seconds() - wait
		m.Estimate.Told++
		m.Estimate.Bias += off
		m.Estimate.Error += math.Abs(off)
		if math.Abs(off) <= t.told.Error.Seconds() {
			m.Estimate.Within++
		}
	}
}

func (m *measure) gaveUp(r *run, t *talk) {
	if m.count(r, t, r.now-t.arrival) {
		m.Abandoned++
	}
}

// finish sums up.
func (r *run) finish() Result {
	m := &r.result
	for i := range r.visitors {
		if t := &r.visitors[i]; t.waiting && m.count(r, t, r.now-t.arrival) {
			m.Left++
		}
	}
	m.Offered = len(m.waits)
	m.Wait = waitsOf(m.waits)
	m.ServiceLevel = share(m.ServiceLevel, m.Offered)
	m.Abandonment = share(float64(m.Abandoned+m.Left), m.Offered)
	m.Estimate.Bias = share(m.Estimate.Bias, m.Estimate.Told)
	m.Estimate.Error = share(m.Estimate.Error, m.Estimate.Told)
	m.Estimate.Within = share(m.Estimate.Within, m.Estimate.Told)
	for i := range m.hours {
		h := &m.hours[i]
		slices.Sort(h.waits)
		h.Offered, h.P90 = len(h.waits), quantile(h.waits, 0.9)
	}
	m.Hours = m.hours
	r.fairness()
	return m.Result
}

// fairness compares agents by what they took for each hour of room, because shifts and capacities differ.
func (r *run) fairness() {
	var busy, slot float64
	var rates []float64
	r.now = max(r.now, r.s.Length.Seconds())
	for i := range r.agents {
		a := &r.agents[i]
		r.account(a)
		busy, slot = busy+a.busy, slot+a.slot
		if a.slot > 0 {
			rates = append(rates, float64(a.taken)/a.slot)
		}
	}
	if slot > 0 {
		r.result.Utilisation = busy / slot
	}
	r.result.Gini, r.result.MinMax = gini(rates)
}

// gini is half the mean difference between two agents by the mean, and the least by the greatest.
func gini(rates []float64) (g, minMax float64) {
	slices.Sort(rates)
	var sum, weighted float64
	for i, x := range rates {
		sum += x
		weighted += float64(i+1) * x
	}
	if sum == 0 {
		return 0, 1
	}
	n := float64(len(rates))
	return 2*weighted/(n*sum) - (n+1)/n, rates[0] / rates[len(rates)-1]
}

func share(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func waitsOf(waits []float64) (w Waits) {
	slices.Sort(waits)
	if len(waits) == 0 {
		return w
	}
	for _, x := range waits {
		w.Mean += x
		if x > 0 {
			w.Waited++
		}
	}
	w.Mean, w.Waited = share(w.Mean, len(waits)), share(w.Waited, len(waits))
	w.P50, w.P75, w.P90 = quantile(waits, 0.5), quantile(waits, 0.75), quantile(waits, 0.9)
	w.P95, w.P99, w.Max = quantile(waits, 0.95), quantile(waits, 0.99), waits[len(waits)-1]
	return w
}

// quantile is the least of the sorted values that a share q of them does not exceed.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, int(math.Ceil(q*float64(len(sorted))))-1)]
}
