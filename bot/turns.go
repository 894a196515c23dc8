package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/seal"
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
func (b *Bot) record(ctx context.Context, tx pgx.Tx, turn chat.Turn, contact uuid.UUID, r Reply, e evidence) error {
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
	sealed, err := b.c.DB.Vault().Seal(ctx, tx, TurnPlace(turn.Workspace, contact, turn.Conversation, turn.Seq),
		e.entities, e.passages, withheld)
	if err != nil {
		return fmt.Errorf("seal the turn: %w", err)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO turns (workspace_id, conversation_id, seq, decision, reason, confidence, threshold, lang, intent,
		                   intent_prob, features, model, prompt, prompt_tokens, reply_tokens, took, withholds, sealed,
		                   calibrator)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		turn.Workspace, turn.Conversation, turn.Seq, r.Decision, r.Reason, r.Confidence, r.Threshold, r.Lang,
		r.Intent.Name, r.Intent.Probability, features, r.Model, r.Prompt, r.Usage.Prompt, r.Usage.Completion, r.Took,
		withheld != nil, sealed, r.tuning.version)
	if err != nil {
		return fmt.Errorf("store the turn: %w", err)
	}
	return nil
}

// TurnPlace is where the evidence of a turn is sealed: entities, passages and the withheld answer follow the visitor's
// words. Fields are their JSON; the last is nil where no answer was withheld.
func TurnPlace(ws, contact, conversation uuid.UUID, seq int64) seal.Place {
	return seal.Place{Workspace: ws, Owner: contact, Column: "turns.sealed",
		Row: conversation.String() + "/" + strconv.FormatInt(seq, 10)}
}

// Explain returns why the bot did what it did in each turn of a conversation, oldest first.
func (b *Bot) Explain(ctx context.Context, workspace, conversation uuid.UUID) ([]Explanation, error) {
	var turns []Explanation
	err := b.c.DB.InTx(ctx, workspace, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT t.seq, t.decision, t.reason, t.confidence, t.threshold, t.lang, t.intent, t.intent_prob, t.features,
			       t.model, t.at, t.calibrator, v.correct, t.sealed, c.contact_id
			FROM turns t LEFT JOIN turn_verdicts v USING (workspace_id, conversation_id, seq)
			JOIN conversations c ON c.workspace_id = t.workspace_id AND c.id = t.conversation_id
			WHERE t.workspace_id = $1 AND t.conversation_id = $2 ORDER BY t.seq`, workspace, conversation)
		if err != nil {
			return err
		}
		var sealed []*seal.Row
		turns, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Explanation, err error) {
			r := &seal.Row{}
			var contact uuid.UUID
			err = row.Scan(&e.Seq, &e.Decision, &e.Reason, &e.Confidence, &e.Threshold, &e.Lang, &e.Intent,
				&e.IntentProbability, &e.Features, &e.Model, &e.At, &e.Calibrator, &e.Verdict, &r.Sealed, &contact)
			r.Place = TurnPlace(workspace, contact, conversation, e.Seq)
			sealed = append(sealed, r)
			return e, err
		})
		if err != nil {
			return err
		}
		if err := b.c.DB.Vault().Open(ctx, tx, sealed...); err != nil {
			return err
		}
		for i := range turns {
			if err := turns[i].reveal(sealed[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return turns, err
}

// reveal fills in what was sealed; of an erased visitor nothing is left to see.
func (e *Explanation) reveal(r *seal.Row) error {
	e.Entities, e.Passages = json.RawMessage("[]"), json.RawMessage("[]")
	if r.Erased {
		return nil
	}
	e.Entities, e.Passages = r.Bytes(0), r.Bytes(1)
	withheld := r.Bytes(2)
	if withheld == nil {
		return nil
	}
	if err := json.Unmarshal(withheld, &e.Withheld); err != nil {
		return fmt.Errorf("decode the withheld answer: %w", err)
	}
	return nil
}
