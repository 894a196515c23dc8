package evals

import (
	"slices"
	"strings"

	"handrail/bot"
	"handrail/knowledge"
)

// offered returns the share of the case's readings that the reply's choices offer. A reading is
// a list of which any one will do: the end of a document's path, or intent:NAME.
func offered(c Case, reply bot.Reply) (share float64) {
	choices := map[string]bool{}
	for _, choice := range reply.Choices {
		choices[choice.ID] = true
	}
	for _, reading := range c.Readings {
		if slices.ContainsFunc(reading, func(end string) bool { return isOffered(end, choices, reply) }) {
			share += 1 / float64(len(c.Readings))
		}
	}
	return share
}

func isOffered(end string, choices map[string]bool, reply bot.Reply) bool {
	if strings.HasPrefix(end, "intent:") {
		return choices[end]
	}
	return slices.ContainsFunc(reply.Passages, func(h knowledge.Hit) bool {
		return choices["document:"+h.DocumentID.String()] && strings.HasSuffix(h.URI, end)
	})
}
