// Package intent names what a visitor wants, with a calibrated probability and an out-of-scope score, and finds the
// order numbers, addresses, dates and amounts in a message. It needs no language model.
//
// A workspace describes its intents in a [Catalog]: names, policies, and a few examples each, in any mix of languages.
// A training turns the catalog into a [Model] and stores both as one version:
//
//	intent_catalogs   every catalog ever trained, as JSON
//	intent_models     the model of each catalog, with its figures; exactly one per workspace is active
//	intent_trainings  what [Trainer] carries out in the background
//
// An [Upload] of labelled examples is checked ([Classifier.Check]) before it is trained; [Classifier.Compare] tells two
// versions apart, and [Classifier.Suggest] finds messages worth labelling.
//
// Guarantees:
//
//   - Training is deterministic: the same examples give the same model, byte for byte.
//   - Catalog and model are activated in one transaction; every node answers with the new version at most
//     two seconds later, and [Result.Model] says which version answered.
//   - Probabilities of a prediction sum to one and are calibrated on predictions for examples not trained on.
//   - A training survives the end of its node, and stores one version however often it is begun.
//   - [Entities], [WantsPerson], [Anger] and [Dissatisfied] are pure functions of the text; their time grows with its
//     length, whatever it says, and spans are byte offsets into it.
package intent

// OutOfScope is the name of the intent that means "none of the catalog's intents".
const OutOfScope = "oos"

// Policy says what the bot does about a message of an intent.
type Policy string

// The policies.
const (
	PolicyAnswer  Policy = "answer"  // search the knowledge base and answer with sources
	PolicyHandoff Policy = "handoff" // hand to a person at once, whatever the confidence
	PolicyReply   Policy = "reply"   // say the intent's fixed Reply: greetings, thanks
	PolicyClarify Policy = "clarify" // ask what exactly is meant
)

// Intent is one thing that visitors want.
type Intent struct {
	Name        string              `json:"name"`
	Description string              `json:"description,omitempty"`
	Policy      Policy              `json:"policy"`
	Threshold   float64             `json:"threshold,omitempty"` // confidence needed to answer, in (0,1]; 0 = the workspace's
	Label       map[string]string   `json:"label,omitempty"`     // by language: the button of a clarifying question
	Reply       map[string]string   `json:"reply,omitempty"`     // by language: the fixed answer of PolicyReply, the question of PolicyClarify
	Group       string              `json:"group,omitempty"`     // group of agents that takes its handoffs; "" = any
	Examples    map[string][]string `json:"examples"`            // by language
}

// Catalog is everything a workspace's visitors may want.
type Catalog struct {
	Intents []Intent `json:"intents"`
	// OutOfScope holds messages, by language, that none of the intents fits. They are optional, and sharpen the score.
	OutOfScope map[string][]string `json:"out_of_scope,omitempty"`
	// Entities says what the workspace's order numbers and products look like.
	Entities EntityConfig `json:"entities,omitzero"`
}

// Example is one message with the intent it expresses.
type Example struct {
	Text   string
	Intent string    // OutOfScope ("oos") where no intent fits
	Lang   string    // ISO 639-1, "" = unknown
	Vector []float32 // of Text by an embedder; nil without one. All examples of a training have one, or none has.
}
