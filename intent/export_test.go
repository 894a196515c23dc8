package intent

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"time"

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
