package evals

import (
	"strings"

	"handrail/bot"
)

// retrievedMost is how many passages the bot keeps of a search.
const retrievedMost = 6

// scoreRetrieval scores the ranking of the documents found for a question with expected sources, of which the bot keeps
// [retrievedMost] passages. Expected sources count alike.
func scoreRetrieval(c Case, r bot.Reply) Score {
	if len(c.Sources) == 0 {
		return Score{}
	}
	relevant := map[string]float64{}
	for _, end := range c.Sources {
		relevant[end] = 1
	}
	ranked := rankedSources(c, r)
	const k = retrievedMost
	return Score{Scores: map[string]float64{
		"retrieval_ndcg": nDCG(ranked, relevant, k), "retrieval_mrr": reciprocalRank(ranked, relevant, k),
		"retrieval_hit@1": reciprocalRank(ranked, relevant, 1), "retrieval_hit": truth(reciprocalRank(ranked, relevant, k) > 0),
		"retrieval_recall": recall(ranked, relevant, k),
	}}
}

// rankedSources are the documents found, best first, each once, under the expected end that they match.
func rankedSources(c Case, r bot.Reply) (ranked []string) {
	seen := map[string]bool{}
	for _, h := range r.Passages {
		name := h.URI
		for _, end := range c.Sources {
			if strings.HasSuffix(h.URI, end) {
				name = end
			}
		}
		if !seen[name] {
			seen[name] = true
			ranked = append(ranked, name)
		}
	}
	return ranked
}
