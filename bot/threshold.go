package bot

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/errs"
)

// Threshold returns the least confidence to answer with in a workspace, where the intent does not say otherwise.
func (b *Bot) Threshold(ctx context.Context, ws uuid.UUID) (float64, error) {
	t, err := b.tunings.of(ctx, ws)
	if err != nil {
		return 0, err
	}
	return b.threshold(t), nil
}

func (b *Bot) threshold(t tuning) float64 {
	if t.threshold > 0 {
		return t.threshold
	}
	return b.c.Settings.Threshold
}

// SetThreshold changes the least confidence to answer with; nil goes back to that of the configuration. This node uses
// it from the next turn, the others within two seconds. A value outside (0, 1) is [errs.Invalid]: at 0 every guess would
// be an answer, and nothing is surer than 1.
func (b *Bot) SetThreshold(ctx context.Context, ws uuid.UUID, actor string, threshold *float64) error {
	if threshold != nil && !(*threshold > 0 && *threshold < 1) {
		return errs.New(errs.Invalid, "the threshold is %v: it must be above 0 and below 1, such as 0.8", *threshold)
	}
	err := b.c.DB.InTx(ctx, ws, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO bot_settings (workspace_id, threshold) VALUES ($1, $2)
			ON CONFLICT (workspace_id) DO UPDATE SET threshold = excluded.threshold, updated_at = now()`, ws, threshold)
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, ws, audit.Record{Actor: actor, Action: "bot.threshold", Target: "workspace:" + ws.String(),
			Data: map[string]any{"threshold": threshold}})
	})
	if err != nil {
		return fmt.Errorf("store the threshold: %w", err)
	}
	b.tunings.forget(ws)
	return nil
}
