package intent

import (
	"maps"
	"slices"

	"handrail/internal/text"
)

// merge adds examples to the active catalog. What it says already is left out, and an intent that it does not have is
// made with the policy answer. Examples without a language get that of their words.
func (r *reading) merge(active Catalog, examples []labelled) {
	if len(examples) == 0 && len(r.findings) == 0 {
		r.add(SeverityError, KindSyntax, 0, "there is no example in it: add a line with a text and its intent")
	}
	r.catalog = cloned(active)
	known := map[[2]string]bool{} // by intent and key
	for _, e := range active.Train() {
		r.examples = append(r.examples, labelled{Example: e})
		known[[2]string{e.Intent, keyOf(e.Text)}] = true
	}
	at := map[string]int{}
	for i, in := range r.catalog.Intents {
		at[in.Name] = i
	}
	for _, e := range examples {
		if e.Lang == "" {
			e.Lang = text.Detect(e.Text, "en")
		}
		if r.lines[e.Intent] == 0 {
			r.lines[e.Intent] = e.line
		}
		if known[[2]string{e.Intent, keyOf(e.Text)}] {
			continue
		}
		r.examples = append(r.examples, e)
		if e.Intent == OutOfScope {
			r.catalog.OutOfScope[e.Lang] = append(r.catalog.OutOfScope[e.Lang], e.Text)
			continue
		}
		i, ok := at[e.Intent]
		if !ok {
			i = len(r.catalog.Intents)
			at[e.Intent] = i
			r.catalog.Intents = append(r.catalog.Intents,
				Intent{Name: e.Intent, Policy: PolicyAnswer, Examples: map[string][]string{}})
		}
		r.catalog.Intents[i].Examples[e.Lang] = append(r.catalog.Intents[i].Examples[e.Lang], e.Text)
	}
}

// cloned is a catalog whose examples may be added to.
func cloned(c Catalog) Catalog {
	out := Catalog{Intents: slices.Clone(c.Intents), OutOfScope: clonedTexts(c.OutOfScope)}
	for i := range out.Intents {
		out.Intents[i].Examples = clonedTexts(out.Intents[i].Examples)
	}
	return out
}

func clonedTexts(m map[string][]string) map[string][]string {
	out := maps.Clone(m)
	for lang, list := range out {
		out[lang] = slices.Clip(list)
	}
	if out == nil {
		out = map[string][]string{}
	}
	return out
}
