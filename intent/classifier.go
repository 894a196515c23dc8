package intent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/errs"
	"handrail/internal/llm"
	"handrail/internal/postgres"
)

// recheck is how long a cached version may be used before the database is asked whether it is still the active one.
const recheck = 2 * time.Second

// Classifier trains, stores and applies the models of all workspaces. It is safe for concurrent use.
type Classifier struct {
	db  *postgres.DB
	now func() time.Time

	embedder llm.Embedder // nil = none

	mu     sync.Mutex
	active map[uuid.UUID]*slot

	training chan struct{} // see alone
}

// slot holds the active version of one workspace. Its mutex makes concurrent messages load a new version once.
type slot struct {
	mu      sync.Mutex
	checked time.Time
	version int // 0: the workspace has no model
	model   *Model
	intents map[string]*Intent

	extractor *Extractor // nil as long as there is no version
}

// NewClassifier returns a classifier that keeps its models in db.
func NewClassifier(db *postgres.DB) *Classifier {
	return &Classifier{db: db, now: time.Now, active: map[uuid.UUID]*slot{}, training: make(chan struct{}, 1)}
}

// alone waits until nobody else on this node trains or compares models, which takes all that a core has and must leave
// the others to the chat. The caller calls done.
func (c *Classifier) alone(ctx context.Context) (done func(), err error) {
	select {
	case c.training <- struct{}{}:
		return func() { <-c.training }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Result is what the active model of a workspace says about one message.
type Result struct {
	Intent       *Intent       // nil: out of scope, or the workspace has no model; shared, so do not change it
	Name         string        // the intent's name, OutOfScope ("oos"), or "" without a model
	Probability  float64       // calibrated probability of the best alternative, in [0,1]
	Margin       float64       // distance to the second best alternative, in [0,1]
	OutOfScope   float64       // score that no intent fits, in [0,1]; above 0.5 Intent is nil
	Alternatives []Alternative // most probable first, including the best; probabilities sum to 1
	Model        int           // version of the model, 0 without one
}

// Classify names the intent of a message by the workspace's active model, or returns the zero Result if there is none.
// A version activated on another node is noticed within two seconds; while the database is down, the last known version
// goes on answering.
func (c *Classifier) Classify(ctx context.Context, ws uuid.UUID, text string) (Result, error) {
	version, model, intents, err := c.current(ctx, ws)
	if err != nil || version == 0 {
		return Result{}, err
	}
	p := c.predict(ctx, model, text)
	r := Result{
		Name: p.Intent, Probability: p.Probability, Margin: p.Margin, OutOfScope: p.OutOfScope,
		Alternatives: p.Alternatives, Model: version,
	}
	r.Intent = intents[p.Intent] // nil for OutOfScope
	return r, nil
}

// Intent returns an intent of the active catalog by name, or nil: for the choices of a clarifying question.
func (c *Classifier) Intent(ctx context.Context, ws uuid.UUID, name string) (*Intent, error) {
	_, _, intents, err := c.current(ctx, ws)
	return intents[name], err
}

func (c *Classifier) current(ctx context.Context, ws uuid.UUID) (int, *Model, map[string]*Intent, error) {
	c.mu.Lock()
	s := c.active[ws]
	if s == nil {
		s = &slot{}
		c.active[ws] = s
	}
	c.mu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	if now := c.now(); s.checked.IsZero() || now.Sub(s.checked) >= recheck {
		err := c.refresh(ctx, ws, s)
		if err != nil && (s.version == 0 || !errs.Is(err, errs.Unavailable)) {
			return 0, nil, nil, fmt.Errorf("load the intent model: %w", err)
		}
		s.checked = now
	}
	return s.version, s.model, s.intents, nil
}

// refresh loads the active version if it is not the one in the slot. The comparison runs in the database, so that the
// usual answer is one small row.
func (c *Classifier) refresh(ctx context.Context, ws uuid.UUID, s *slot) error {
	var version int
	var catalog, parameters []byte
	err := c.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT m.version,
			       CASE WHEN m.version <> $2 THEN c.catalog END,
			       CASE WHEN m.version <> $2 THEN m.parameters END
			FROM intent_models m JOIN intent_catalogs c USING (workspace_id, version)
			WHERE m.workspace_id = $1 AND m.active`, ws, s.version).Scan(&version, &catalog, &parameters)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		s.version, s.model, s.intents, s.extractor = 0, nil, nil, nil
		return nil
	}
	if err != nil || version == s.version {
		return err
	}
	cat, model, err := decode(catalog, parameters)
	if err != nil {
		return fmt.Errorf("version %d: %w", version, err)
	}
	s.version, s.model, s.intents, s.extractor = version, model, byName(cat), extractorOf(cat)
	return nil
}

// decode reads a stored version. A model made by another version of the program is trained again from its catalog,
// which gives the model this program would have stored.
func decode(catalog, parameters []byte) (Catalog, *Model, error) {
	var cat Catalog
	if err := json.Unmarshal(catalog, &cat); err != nil {
		return Catalog{}, nil, fmt.Errorf("decode the catalog: %w", err)
	}
	model := &Model{}
	err := model.UnmarshalBinary(parameters)
	if errors.Is(err, errStale) {
		model, err = TrainModel(cat.Train(), TrainOptions{})
	}
	return cat, model, err
}

func byName(cat Catalog) map[string]*Intent {
	out := make(map[string]*Intent, len(cat.Intents))
	for i := range cat.Intents {
		out[cat.Intents[i].Name] = &cat.Intents[i]
	}
	return out
}

// Train returns the catalog's examples for [TrainModel], in an order that depends on nothing but the catalog.
func (c Catalog) Train() []Example {
	var out []Example
	add := func(intent string, byLanguage map[string][]string) {
		languages := make([]string, 0, len(byLanguage))
		for lang := range byLanguage {
			languages = append(languages, lang)
		}
		slices.Sort(languages)
		for _, lang := range languages {
			for _, text := range byLanguage[lang] {
				out = append(out, Example{Text: text, Intent: intent, Lang: lang})
			}
		}
	}
	for _, in := range c.Intents {
		add(in.Name, in.Examples)
	}
	add(OutOfScope, c.OutOfScope)
	return out
}
