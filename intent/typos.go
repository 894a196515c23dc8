package intent

import "strings"

// mendable are the words that carry a request for a person. A word one typing error away from one of them is taken for
// it, since the rest of the phrase must fit as well.
var mendable = strings.Fields("human person speak representative operator transfer connect customer service agent " +
	"supervisor manager someone somebody please talk support")

// sound are words that are near to one of them and mean something else.
var sound = strings.Fields("humane humans persons steak sneak spear speaks agents connects operators customers services " +
	"transfers managers supports representatives manage persona urgent customs gent gents tall walk tale task talks tank " +
	"talc tack balk operate parson humano humana humain humaine operador operatore operatrice agente agenti personne " +
	"persoon persone soporte supporto supervisore supervisor serviço servizio servicio")

// mended puts the words meant in place of words with one typing error: a letter left out, one too many, a wrong one, or
// two exchanged. Short words count only with two letters exchanged.
func mended(clause string) string {
	words := strings.Split(strings.Trim(clause, "<>"), " ")
	changed := false
	for i, w := range words {
		if to := mend(w); to != w {
			words[i], changed = to, true
		}
	}
	if !changed {
		return clause
	}
	return "<" + strings.Join(words, " ") + ">"
}

func mend(word string) string {
	if len(word) < 4 || len(word) > 16 || word[0] >= 0x80 {
		return word
	}
	for _, to := range mendable {
		// Nobody mistypes both of the first letters.
		if word[0] != to[0] && word[0] != to[1] && word[1] != to[0] {
			continue
		}
		if word == to {
			return word
		}
		if exchanged(word, to) || len(to) > 4 && oneEdit(word, to) || len(to) > 9 && twoEdits(word, to) {
			for _, s := range sound {
				if s == word {
					return word
				}
			}
			return to
		}
	}
	return word
}

// exchanged reports whether two neighbouring letters of a and b are exchanged and all others the same.
func exchanged(a, b string) bool {
	i := common(a, b)
	return len(a) == len(b) && i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// oneEdit reports whether one letter must be put in, left out or replaced to make b of a.
func oneEdit(a, b string) bool {
	i := common(a, b)
	switch {
	case len(a) == len(b):
		return i < len(a) && a[i+1:] == b[i+1:]
	case len(a)+1 == len(b):
		return a[i:] == b[i+1:]
	case len(a) == len(b)+1:
		return a[i+1:] == b[i:]
	}
	return false
}

// twoEdits is for words so long that nothing else is near to them.
func twoEdits(a, b string) bool {
	i := common(a, b)
	if i < 3 || len(a) > len(b)+2 || len(b) > len(a)+2 {
		return false
	}
	a, b = a[i:], b[i:]
	return len(a) > 0 && len(b) > 0 && (oneEdit(a[1:], b[1:]) || oneEdit(a, b[1:]) || oneEdit(a[1:], b) ||
		exchanged(a[1:], b[1:]) || exchanged(a, b[1:]) || exchanged(a[1:], b))
}

// common returns how many bytes a and b begin with alike.
func common(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}
