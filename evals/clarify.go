package evals

import (
	"slices"
	"strings"

	"handrail/bot"
	"handrail/knowledge"
)

// offered returns the share of the case's readings that the reply's choices offer, nil where one of the two has none, and
// the labels of the choices. A reading is a list of which any one will do: the end of a document's path, or intent:NAME.
func offered(c Case, reply bot.Reply) (share *float64, labels []string) {
	choices := map[string]bool{}
	for _, choice := range reply.Choices {
		labels = append(labels, choice.Label)
		choices[choice.ID] = true
	}
	if len(choices) == 0 || len(c.Readings) == 0 {
		return nil, labels
	}
	var found float64
	for _, reading := range c.Readings {
		found += truth(slices.ContainsFunc(reading, func(end string) bool { return isOffered(end, choices, reply) }))
	}
	return number(found / float64(len(c.Readings))), labels
}

func isOffered(end string, choices map[string]bool, reply bot.Reply) bool {
	if strings.HasPrefix(end, "intent:") {
		return choices[end]
	}
	return slices.ContainsFunc(reply.Passages, func(h knowledge.Hit) bool {
		return choices["document:"+h.DocumentID.String()] && strings.HasSuffix(h.URI, end)
	})
}

// effortReasons are the reasons of handoffs that rest on how hard the visitor has tried.
func effortReasons() []string {
	return []string{bot.ReasonAnger, bot.ReasonFrustrated, bot.ReasonRepeated}
}
