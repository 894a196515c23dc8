package intent_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/intent"
)

// large draws a catalog of the size that the speed goals name: 15,000 examples of 150 intents, about nine words each,
// of which a few belong to the intent and the rest to everybody.
func large() []intent.Example {
	random := rand.New(rand.NewPCG(1, 1))
	word := func(n int) string {
		k := random.IntN(n)
		return string([]byte{byte('a' + k%26), byte('a' + k/26%26), "aeiou"[k%5], byte('a' + k/7%26), byte('a' + k/676%26)})
	}
	own := make([][]string, 150)
	for i := range own {
		for range 12 {
			own[i] = append(own[i], word(20000))
		}
	}
	out := make([]intent.Example, 15000)
	for i := range out {
		k := i % len(own)
		var words []string
		for range 3 {
			words = append(words, own[k][random.IntN(len(own[k]))])
		}
		for range 4 + random.IntN(5) {
			words = append(words, word(1+random.IntN(3000)))
		}
		random.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		out[i] = intent.Example{Text: strings.Join(words, " "), Intent: fmt.Sprintf("intent%03d", k)}
	}
	return out
}

// BenchmarkLarge prints what a catalog of 15,000 examples costs: seconds to train, megabytes in memory, and microseconds
// to classify.
func BenchmarkLarge(b *testing.B) {
	examples := large()
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		m, err := intent.TrainModel(examples, intent.TrainOptions{})
		require.NoError(b, err)
		b.ReportMetric(time.Since(start).Seconds(), "s/training")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB/model")
		var took []time.Duration
		for _, e := range examples[:5000] {
			start := time.Now()
			m.Predict(e.Text)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), "us/p50")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "us/p99")
	}
}
