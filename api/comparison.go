package api

import "handrail/intent"

type comparisonOutput struct{ Body comparison }

// comparison says how two versions of the intent model do on the same messages.
type comparison struct {
	A         int                `json:"a"`
	B         int                `json:"b"`
	Examples  int                `json:"examples" doc:"of either version, judged by models that had not seen them"`
	Accuracy  sharePair          `json:"accuracy"`
	OOSRecall *sharePair         `json:"oos_recall" doc:"null where no example is out of scope"`
	Intents   []intentComparison `json:"intents"`
	Confusion []confusion        `json:"confusion" doc:"the largest differences first, at most 200"`
	Flipped   []flipped          `json:"flipped" doc:"at most 500"`
}

type sharePair struct {
	A float64 `json:"a"`
	B float64 `json:"b"`
}

type intentComparison struct {
	Name string      `json:"name"`
	N    int         `json:"n" doc:"examples"`
	A    intentScore `json:"a"`
	B    intentScore `json:"b"`
}

type intentScore struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

type confusion struct {
	Want string `json:"want"`
	Got  string `json:"got"`
	A    int    `json:"a"`
	B    int    `json:"b"`
}

type flipped struct {
	Text   string `json:"text"`
	Lang   string `json:"lang"`
	Want   string `json:"want"`
	A      string `json:"a" doc:"what version a takes it for"`
	B      string `json:"b"`
	Better string `json:"better" enum:"a,b,neither"`
}

func comparisonOf(c intent.Comparison) comparison {
	out := comparison{A: c.A, B: c.B, Examples: c.Examples, Intents: []intentComparison{}, Confusion: []confusion{},
		Flipped: []flipped{}, OOSRecall: pairOf(c.OOSRecall)}
	if p := pairOf(c.Accuracy); p != nil {
		out.Accuracy = *p
	}
	for _, i := range c.Intents {
		out.Intents = append(out.Intents, intentComparison{i.Name, i.N, intentScore(i.A), intentScore(i.B)})
	}
	for _, f := range c.Confusion {
		out.Confusion = append(out.Confusion, confusion(f))
	}
	for _, f := range c.Flipped {
		out.Flipped = append(out.Flipped, flipped(f))
	}
	return out
}

// pairOf is nil where there was nothing to judge.
func pairOf(p intent.Pair[*float64]) *sharePair {
	if p.A == nil || p.B == nil {
		return nil
	}
	return &sharePair{*p.A, *p.B}
}
