package postings

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// BenchmarkSearch adds up the posting lists of questions of ten words, drawn like the texts by Zipf's law, in indexes of
// several sizes, and prints the memory of the index.
func BenchmarkSearch(b *testing.B) {
	for _, size := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			zipf := rand.NewZipf(rng, 1.07, 2.7, 59_999)
			x := generate(zipf, size)
			var questions []Query
			for range 100 {
				q := Query{Base: .5, Slope: .005, Limit: 50}
				for range 10 {
					term := int32(zipf.Uint64())
					df := float64(x.Frequency(term))
					q.Terms = append(q.Terms, term)
					q.Scales = append(q.Scales, math.Log(1+(float64(size)-df+.5)/(df+.5)))
				}
				questions = append(questions, q)
			}
			b.ReportMetric(float64(x.Bytes()>>20), "MB")
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				x.Search(questions[i%len(questions)])
			}
		})
	}
}

// generate makes an index of texts of 120 words.
func generate(zipf *rand.Zipf, size int) Index {
	var x Index
	var batch []Entry
	for id := range size {
		e := Entry{ID: int64(id), Length: 120}
		words := make([]int32, 120)
		for i := range words {
			words[i] = int32(zipf.Uint64())
		}
		slices.Sort(words)
		for _, w := range words {
			if n := len(e.Terms); n > 0 && e.Terms[n-1] == w {
				e.Counts[n-1]++
				continue
			}
			e.Terms, e.Counts = append(e.Terms, w), append(e.Counts, 1)
		}
		if batch = append(batch, e); len(batch) == 8192 || id == size-1 {
			x, batch = x.Add(batch), batch[:0]
		}
	}
	return x
}
