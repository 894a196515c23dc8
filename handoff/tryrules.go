package handoff

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/chat"
	"handrail/internal/seal"
)

// Limits of a trial, in handoffs.
const (
	DefaultTrial = 200
	MaxTrial     = 2000
)

// Trial is what other rules would have done with past handoffs.
type Trial struct {
	Tried   int
	Failed  int // handoffs of which a rule tried failed
	Changes []TrialChange
}

// TrialChange is a handoff that would have gone another way.
type TrialChange struct {
	Conversation  uuid.UUID
	At            time.Time
	Reason        string
	Text          string        // start of the visitor's words
	Before, After routing.Route // by the active rules, and by those that are tried
}

// past is a handoff to be routed again.
type past struct {
	conversation chat.Conversation
	handoff      chat.Handoff
	at           time.Time
	handling     time.Duration
}

// TryRules sends the latest handoffs, at most limit of them, through the active rules and through others, and returns
// those that would go another way, the newest first. Nothing is changed. The facts are those of the handoff, as far as
// they are kept: contacts are looked at as they are now. A limit of 0 means [DefaultTrial]; at most [MaxTrial].
func (d *Desk) TryRules(ctx context.Context, ws uuid.UUID, rules *routing.Rules, limit int) (t Trial, err error) {
	if limit <= 0 {
		limit = DefaultTrial
	}
	err = d.db.InTx(ctx, ws, func(tx pgx.Tx) error {
		active, _, err := d.activeRules(ctx, tx, ws)
		if err != nil {
			return err
		}
		list, err := d.pastHandoffs(ctx, tx, ws, min(limit, MaxTrial))
		if err != nil {
			return err
		}
		for _, p := range list {
			f, err := d.facts(ctx, tx, &p.conversation, p.handoff, p.at)
			if err != nil {
				return err
			}
			t.add(ctx, p, f, active, rules)
		}
		return nil
	})
	if err != nil {
		return Trial{}, fmt.Errorf("try the routing rules: %w", err)
	}
	return t, nil
}

// add routes one handoff twice.
func (t *Trial) add(ctx context.Context, p past, f routing.Facts, active, tried *routing.Rules) {
	var before routing.Route
	if active != nil {
		before, _ = active.Route(ctx, f) // what fails today is told by the log
	}
	after, failed := tried.Route(ctx, f)
	t.Tried++
	if failed != nil {
		t.Failed++
	}
	if !before.Same(after) {
		t.Changes = append(t.Changes, TrialChange{Conversation: p.conversation.ID, At: p.at, Reason: f.Reason,
			Text: start(f.Text, 140), Before: before, After: after})
	}
}

// start is the beginning of a text, in characters.
func start(s string, n int) string {
	runes := []rune(s)
	return string(runes[:min(n, len(runes))])
}

func (d *Desk) pastHandoffs(ctx context.Context, tx pgx.Tx, ws uuid.UUID, limit int) ([]past, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.workspace_id, c.id, c.contact_id, c.channel, c.lang, h.reason, h.intent, h.lang, h.confidence, h.priority,
		       h.sealed, h.turn_seq, greatest(h.from_seq, h.turn_seq), h.queued_at,
		       coalesce((SELECT extract(epoch FROM sum(a.ended_at - a.started_at)) FROM assignments a
		                 WHERE a.workspace_id = h.workspace_id AND a.handoff_id = h.id), 0)::float8
		FROM handoffs h JOIN conversations c ON c.workspace_id = h.workspace_id AND c.id = h.conversation_id
		WHERE h.workspace_id = $1 ORDER BY h.id DESC LIMIT $2`, ws, limit)
	if err != nil {
		return nil, fmt.Errorf("read past handoffs: %w", err)
	}
	var sealed []*seal.Row
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p past, err error) {
		c, h, e, seconds := &p.conversation, &p.handoff, &seal.Row{}, 0.0
		err = row.Scan(&c.Workspace, &c.ID, &c.Contact, &c.Channel, &c.Lang, &h.Reason, &h.Intent, &h.Lang, &h.Confidence,
			&h.Priority, &e.Sealed, &h.TurnSeq, &c.LastSeq, &p.at, &seconds)
		p.handling = time.Duration(seconds * float64(time.Second))
		e.Place = evidencePlace(ws, c.Contact, c.ID, h.TurnSeq)
		sealed = append(sealed, e)
		return p, err
	})
	if err == nil {
		err = d.db.Vault().Open(ctx, tx, sealed...)
	}
	if err != nil {
		return nil, fmt.Errorf("read past handoffs: %w", err)
	}
	for i := range list {
		p := &list[i]
		setEvidence(&p.handoff, sealed[i])
		c, err := d.log.ConversationWithin(ctx, tx, ws, p.conversation.ID)
		if err != nil {
			return nil, err
		}
		p.conversation.PageURL = c.PageURL
	}
	return list, nil
}
