package intent

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/postgres"
)

// NewClassifierAt is NewClassifier with a clock of the test's own.
func NewClassifierAt(db *postgres.DB, now func() time.Time) *Classifier {
	c := NewClassifier(db)
	c.now = now
	return c
}

// StaleModel returns a stored model with a fingerprint that no program computes.
func StaleModel() ([]byte, error) {
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := binary.Write(z, binary.LittleEndian, fingerprint()+1); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}

// Claim takes a training as a node does before it works on it; nil if it is not its turn.
func (t *Trainer) Claim(ctx context.Context, id uuid.UUID) (a *Attempt, err error) {
	err = t.classifier.db.InSystemTx(ctx, func(tx pgx.Tx) error {
		if err := revive(ctx, tx); err != nil {
			return err
		}
		claimed, err := t.claim(ctx, tx, id)
		if claimed != nil {
			a = &Attempt{claimed}
		}
		return err
	})
	return a, err
}

// Attempt is an attempt at a training.
type Attempt struct{ a *attempt }

// Work carries it out.
func (a *Attempt) Work(ctx context.Context) { a.a.run(ctx, nil) }
