package knowledge

// Parts are the shares of a hit's score, for whoever wants to know why it was found. Shares of signals that did not
// find the passage are 0.
type Parts struct {
	Lexical  float64 // words of the passage, by BM25
	Label    float64 // likeness to the title, heading or FAQ question
	Dense    float64 // likeness of meaning, by the embedder
	Favoured float64 // the document deals with the likely intent
	Language float64 // the passage is in the preferred language
	Focus    float64 // the words of the message stand close together
	Wording  float64 // a label has words of the message in its order
	Contrast float64 // zero or less: the label names an alternative to what was asked for
}

// sum is the score that the parts make up.
func (p Parts) sum() float64 {
	return p.Lexical + p.Label + p.Dense + p.Favoured + p.Language + p.Focus + p.Wording + p.Contrast
}
