package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
)

// Explanation is why the bot did what it did in one turn, as stored.
type Explanation struct {
	Seq               int64              `json:"seq"` // of the visitor message
	Decision          Decision           `json:"decision"`
	Reason            string             `json:"reason"`
	Confidence        float64            `json:"confidence"`
	Threshold         float64            `json:"threshold"`
	Lang              string             `json:"lang"`
	Intent            string             `json:"intent"`
	IntentProbability float64            `json:"intent_probability"`
	Entities          json.RawMessage    `json:"entities"`
	Passages          json.RawMessage    `json:"passages"`
	Features          map[string]float64 `json:"features"`
	Model             string             `json:"model"`
	At                time.Time          `json:"at"`
	Withheld          *Withheld          `json:"withheld"`   // the answer that was not given; null if there was none
	Calibrator        int                `json:"calibrator"` // version that gave the confidence; 0 = the one that ships
	Verdict           *bool              `json:"verdict"`    // whether a person found the answer right; null if nobody said
}

// record stores the turn's reasons.
func record(ctx context.Context, tx pgx.Tx, turn chat.Turn, r Reply, e evidence) error {
	features, err := json.Marshal(r.Features.Map())
	if err != nil {
		return fmt.Errorf("encode features: %w", err)
	}
	var withheld []byte
	if r.Withheld != nil {
		if withheld, err = json.Marshal(r.Withheld); err != nil {
			return fmt.Errorf("encode the withheld answer: %w", err)
		}
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent,
		                   intent_prob, entities, passages, features, model, prompt, prompt_tokens, reply_tokens, took,
		                   withheld, calibrator)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		turn.Workspace, turn.Conversation, turn.Seq, r.Decision, r.Reason, r.Confidence, r.Threshold, r.Lang,
		r.Intent.Name, r.Intent.Probability, e.entities, e.passages, features, r.Model, r.Prompt, r.Usage.Prompt,
		r.Usage.Completion, r.Took, withheld, r.tuning.version)
	if err != nil {
		return fmt.Errorf("store the turn: %w", err)
	}
	return nil
}

// Explain returns why the bot did what it did in each turn of a conversation, oldest first.
func (b *Bot) Explain(ctx context.Context, workspace, conversation uuid.UUID) ([]Explanation, error) {
	var turns []Explanation
	err := b.c.DB.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT seq, decision, reason, confidence, threshold, lang, intent, intent_prob, entities, passages, features,
			       model, t.at, withheld, calibrator, v.correct
			FROM turns t LEFT JOIN turn_verdicts v USING (workspace_id, conversation_id, seq)
			WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY seq`, workspace, conversation)
		if err != nil {
			return err
		}
		turns, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Explanation])
		return err
	})
	return turns, err
}
