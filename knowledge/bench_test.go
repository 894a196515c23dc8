package knowledge

import (
	"fmt"
	"testing"
)

// BenchmarkRank ranks fifty candidates for a question of twenty words; it holds no database.
func BenchmarkRank(b *testing.B) {
	p := known("how do I change the address of my order after the parcel was sent 怎么修改订单的收货地址")
	p.contrasts = learnContrasts(twoProducts())
	hits := make([]Hit, candidates)
	for i := range hits {
		hits[i].Passage = Passage{ID: int64(i), Title: fmt.Sprintf("Changing the delivery address, part %d", i),
			HeadingPath: []string{"Orders", "修改订单的收货地址"}, Question: "Can I still change the address of my lamp?"}
		hits[i].Lexical = float64(i)
	}
	for b.Loop() {
		rank(p, hits)
	}
}
