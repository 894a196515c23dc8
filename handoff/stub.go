package handoff

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/chat"
	"handrail/internal/events"
	"handrail/internal/postgres"
)

type Config struct {
	Lease time.Duration
	Tick  time.Duration
}
type Desk struct{}

func New(db *postgres.DB, log *chat.Log, bus *events.Bus, c Config) *Desk { panic("") }
func (d *Desk) Start(ctx context.Context)                                 {}
func (d *Desk) Stop()                                                     {}
func (d *Desk) Enqueue(ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff) error {
	panic("")
}
func (d *Desk) SetStatus(ctx context.Context, ws uuid.UUID, agent int64, status string) error { panic("") }
func (d *Desk) SetCapacity(ctx context.Context, ws uuid.UUID, agent int64, capacity int) error {
	panic("")
}
func (d *Desk) Renew(ctx context.Context, ws uuid.UUID, agent int64) error { panic("") }
func (d *Desk) Assign(ctx context.Context, ws uuid.UUID) (int, error)     { panic("") }
func (d *Desk) Claim(ctx context.Context, ws, conversation uuid.UUID, agent int64) error {
	panic("")
}
func (d *Desk) Return(ctx context.Context, ws, conversation uuid.UUID, agent int64, clientID uuid.UUID) error {
	panic("")
}
func (d *Desk) Close(ctx context.Context, ws, conversation uuid.UUID, agent int64, clientID uuid.UUID) error {
	panic("")
}
func (d *Desk) Rate(ctx context.Context, ws, conversation, contact uuid.UUID, score int, comment string, clientID uuid.UUID) error {
	panic("")
}
func (d *Desk) Queue(ctx context.Context, ws uuid.UUID) ([]Waiting, error) { panic("") }
func (d *Desk) Position(ctx context.Context, ws, conversation uuid.UUID) (Place, error) {
	panic("")
}
func (d *Desk) Presence(ctx context.Context, ws uuid.UUID, agent int64) (Presence, error) {
	panic("")
}
func (d *Desk) Presences(ctx context.Context, ws uuid.UUID) ([]Presence, error) { panic("") }
func (d *Desk) Handoffs(ctx context.Context, ws, conversation uuid.UUID) ([]Record, error) {
	panic("")
}
