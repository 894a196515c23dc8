package bot

// Shipped is the calibrator that a workspace starts with: one for workspaces whose intents lead the search, another for
// those that have none. Their weights come from help centres and sets of questions, each left out in turn; see
// docs/adr/004-confidence.md.
func Shipped(f Features) Calibrator {
	if f.get("intents") > 0 {
		return DefaultCalibrator()
	}
	return SearchCalibrator()
}

// DefaultCalibrator is [Shipped] where the workspace has intents. The weights of "repeated" and "grounded" are set by
// hand: there are too few cases of either.
func DefaultCalibrator() Calibrator {
	return Calibrator{Bias: -2.55, Weights: map[string]float64{
		"complete":     1.13,
		"distinct":     0.42,
		"drop":         0.54,
		"favoured":     0.22,
		"gap":          0.93,
		"lead":         0.52,
		"lexical":      0.48,
		"margin":       2.04,
		"out_of_scope": -0.80,
		"proximity":    0.95,
		"rest":         0.07,
		"score":        0.83,
		"siblings":     0.91,
		"title_match":  0.77,
		"repeated":     -1,
		"grounded":     1.5,
	}}
}

// SearchCalibrator is [Shipped] where the search has nothing but the message to go by.
func SearchCalibrator() Calibrator {
	return Calibrator{Bias: -2.9, Weights: map[string]float64{
		"distinct": 1.9,
		"drop":     2.5,
		"lead":     2.5,
		"lexical":  1.7,
		"rest":     0.35,
		"siblings": 3.85,
		"repeated": -1,
		"grounded": 1.5,
	}}
}
