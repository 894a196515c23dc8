package intent

// Comparison says how two versions of a catalog do on the same messages. Both are trained anew on the same folds and
// judge the examples that they have not seen, so that neither is favoured by having learned more of them by heart.
// OOSRecall is nil where no example is out of scope. No list is nil.
type Comparison struct {
	A         int            `json:"a"` // versions
	B         int            `json:"b"`
	Examples  int            `json:"examples"` // that were judged: those of either version, each once
	Accuracy  Pair[float64]  `json:"accuracy"` // of the examples of an intent
	OOSRecall *Pair[float64] `json:"oos_recall"`
	Intents   []IntentScores `json:"intents"`   // by name
	Confusion []Confusion    `json:"confusion"` // where the difference is largest first; at most 200
	Flipped   []Flip         `json:"flipped"`   // what the two judge differently; those with a right one first; at most 500
}

// Pair holds a figure of both versions.
type Pair[T any] struct {
	A T `json:"a"`
	B T `json:"b"`
}

// IntentScores are the scores of one intent.
type IntentScores struct {
	Name string `json:"name"`
	N    int    `json:"n"` // examples of it
	A    Score  `json:"a"`
	B    Score  `json:"b"`
}

// Score is the quality of one intent's predictions, each in [0,1].
type Score struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Confusion counts the examples of Want that were taken for Got.
type Confusion struct {
	Want string `json:"want"`
	Got  string `json:"got"`
	A    int    `json:"a"`
	B    int    `json:"b"`
}

// Flip is an example that the two versions judge differently.
type Flip struct {
	Text   string `json:"text"`
	Lang   string `json:"lang"`
	Want   string `json:"want"`
	A      string `json:"a"` // what each takes it for
	B      string `json:"b"`
	Better string `json:"better"` // "a", "b" or "neither"
}
