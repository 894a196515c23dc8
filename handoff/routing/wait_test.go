package routing

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestWaitKnowsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	require.Equal(t, Estimate{}, Wait(Outlook{Ahead: 3, Service: time.Minute, Samples: 10}), "nobody is on duty")
	require.Equal(t, Estimate{}, Wait(Outlook{Slots: 2, Busy: 2}), "no service was ever seen")
	require.Equal(t, Estimate{Known: true}, Wait(Outlook{Slots: 5, Busy: 3, Ahead: 1}), "a place is free")
	e := Wait(Outlook{Slots: 5, Busy: 5, Ahead: 4, Service: 5 * time.Minute, Spread: 5 * time.Minute, Samples: 100})
	require.Equal(t, 5*time.Minute, e.Wait, "five places must become free, one a minute")
	require.Greater(t, e.Error, time.Minute)
}

func TestWaitGrowsWithTheQueueAndShrinksWithAgents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := Outlook{Ahead: rapid.IntRange(0, 1000).Draw(t, "ahead"), Slots: rapid.IntRange(1, 500).Draw(t, "slots"),
			Service: time.Duration(rapid.IntRange(1, 3600).Draw(t, "service")) * time.Second, Samples: rapid.IntRange(1, 200).Draw(t, "n")}
		o.Busy, o.Spread = rapid.IntRange(0, 500).Draw(t, "busy"), o.Service
		e := Wait(o)
		if !e.Known || e.Wait < 0 || e.Error < 0 {
			t.Fatalf("%+v: %+v", o, e)
		}
		longer, more := o, o
		longer.Ahead++
		more.Slots++
		if Wait(longer).Wait < e.Wait || Wait(more).Wait > e.Wait {
			t.Fatalf("%+v: %v, one more ahead %v, one more place %v", o, e.Wait, Wait(longer).Wait, Wait(more).Wait)
		}
	})
}

// TestWaitIsHonest plays a queue at busy desks with exponential service times and compares.
func TestWaitIsHonest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	const rounds = 2000
	for _, o := range []Outlook{{Ahead: 0, Slots: 1, Busy: 1}, {Ahead: 9, Slots: 20, Busy: 20}, {Ahead: 100, Slots: 50, Busy: 50}} {
		o.Service, o.Spread, o.Samples = 4*time.Minute, 4*time.Minute, 200
		e := Wait(o)
		sum, within := 0.0, 0
		for range rounds {
			w := play(rng, o)
			sum += w.Seconds()
			if math.Abs((w - e.Wait).Seconds()) <= e.Error.Seconds() {
				within++
			}
		}
		mean, share := sum/rounds, float64(within)/rounds
		t.Logf("ahead %d, places %d: said %.0f s ± %.0f s; was %.0f s on average, within the band %.0f %%",
			o.Ahead, o.Slots, e.Wait.Seconds(), e.Error.Seconds(), mean, 100*share)
		require.InEpsilon(t, mean, e.Wait.Seconds(), 0.1)
		require.InDelta(t, 0.75, share, 0.15)
	}
}

// play is how long somebody waited once: places become free, and those ahead take them first.
func play(rng *rand.Rand, o Outlook) time.Duration {
	var busy times
	draw := func() float64 { return rng.ExpFloat64() * o.Service.Seconds() }
	for range o.Slots {
		busy = append(busy, draw())
	}
	heap.Init(&busy)
	for range o.Ahead {
		busy[0] += draw()
		heap.Fix(&busy, 0)
	}
	return seconds(busy[0])
}

type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any)        { *t = append(*t, x.(float64)) }
func (t *times) Pop() any          { x := (*t)[len(*t)-1]; *t = (*t)[:len(*t)-1]; return x }
