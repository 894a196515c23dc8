package handoff

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
)

// Visit is a past handoff as a simulation plays it again.
type Visit struct {
	At       time.Time
	Handling time.Duration // that people had the conversation, 0 = nobody had it or has it still
	Facts    routing.Facts
}

// Visits returns the latest handoffs, at most limit of them, the oldest first. A limit of 0 means [DefaultTrial]; at most
// [MaxTrial].
func (d *Desk) Visits(ctx context.Context, ws uuid.UUID, limit int) (list []Visit, err error) {
	if limit <= 0 {
		limit = DefaultTrial
	}
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		handoffs, err := d.pastHandoffs(ctx, tx, ws, min(limit, MaxTrial))
		if err != nil {
			return err
		}
		for _, p := range handoffs {
			f, err := d.facts(ctx, tx, &p.conversation, p.handoff, p.at)
			if err != nil {
				return err
			}
			list = append(list, Visit{At: p.at, Handling: p.handling, Facts: f})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read past handoffs: %w", err)
	}
	slices.Reverse(list)
	return list, nil
}
