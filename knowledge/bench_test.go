package knowledge

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRank ranks fifty candidates for a question of twenty words; it holds no database.
func BenchmarkRank(b *testing.B) {
	b.Run("long", func(b *testing.B) { benchmarkRank(b, 20) })
	b.Run("short", func(b *testing.B) { benchmarkRank(b, 2) })
}

// benchmarkRank ranks passages of so many sentences.
func benchmarkRank(b *testing.B, sentences int) {
	p := known("how do I change the address of my order after the parcel was sent 怎么修改订单的收货地址")
	p.contrasts = learnContrasts(twoProducts())
	body := strings.Repeat("The warehouse prints labels at noon, and the address can be changed until then. ", sentences)
	hits := make([]Hit, candidates)
	for i := range hits {
		hits[i].Passage = Passage{ID: int64(i), Title: fmt.Sprintf("Changing the delivery address, part %d", i),
			HeadingPath: []string{"Orders", "修改订单的收货地址"}, Question: "Can I still change the address of my lamp?"}
		hits[i].Text, hits[i].Lexical = body, float64(i)
	}
	for b.Loop() {
		rank(p, hits)
	}
}

// BenchmarkLearnContrasts learns from as many labels as a search ever reads for it.
func BenchmarkLearnContrasts(b *testing.B) {
	labels := make([]string, contrastPassages)
	for i := range labels {
		labels[i] = fmt.Sprintf("Changing the delivery address of order %d\n修改订单的收货地址", i)
	}
	for b.Loop() {
		learnContrasts(labels)
	}
}
