package intent

import (
	"context"

	"github.com/google/uuid"

	"handrail/internal/postgres"
)

// Classifier trains, stores and applies the models of all workspaces. It is safe for concurrent use.
type Classifier struct {
	db *postgres.DB
}

// NewClassifier returns a classifier that keeps its models in db.
func NewClassifier(db *postgres.DB) *Classifier { return &Classifier{db: db} }

// Result is what the active model of a workspace says about one message.
type Result struct {
	Intent       *Intent       // nil: out of scope, or the workspace has no model
	Name         string        // the intent's name, OutOfScope ("oos"), or "" without a model
	Probability  float64       // calibrated probability of the best alternative, in [0,1]
	Margin       float64       // distance to the second best alternative, in [0,1]
	OutOfScope   float64       // score that no intent fits, in [0,1]
	Alternatives []Alternative // most probable first, including the best; probabilities sum to 1
	Model        int           // version of the model, 0 without one
}

// Train fits a model to the catalog, stores both as the next version and activates it.
func (c *Classifier) Train(ctx context.Context, ws uuid.UUID, cat Catalog) (version int, err error) {
	return 0, nil
}

// Classify names the intent of a message by the workspace's active model, or returns the zero Result if there is none.
func (c *Classifier) Classify(ctx context.Context, ws uuid.UUID, text string) (Result, error) {
	return Result{}, nil
}
