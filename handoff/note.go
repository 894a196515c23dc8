package handoff

import (
	"context"
	"maps"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/audit"
	"handrail/internal/chat"
)

// record writes what an agent did to a conversation into the audit log.
func record(
	ctx context.Context, tx pgx.Tx, ws uuid.UUID, agentID int64, action string, conversation uuid.UUID, data map[string]any,
) error {
	return audit.Write(ctx, tx, ws, audit.Record{Actor: actor(agentID), Action: action,
		Target: "conversation:" + conversation.String(), Data: data})
}

// actor names a member of staff in the audit log.
func actor(agentID int64) string { return "user:" + strconv.FormatInt(agentID, 10) }

// emit tells webhooks about a conversation. It names the conversation.
func (d *Desk) emit(ctx context.Context, tx pgx.Tx, c *chat.Conversation, event string, data map[string]any) error {
	if d.config.Hooks == nil {
		return nil
	}
	all := map[string]any{"conversation": c.ID}
	maps.Copy(all, data)
	return d.config.Hooks.Emit(ctx, tx, c.Workspace, event, all)
}
