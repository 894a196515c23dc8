package chat

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/events"
	"handrail/internal/postgres"
)

type Config struct {
	Writers int
}
type Log struct{}

func NewLog(db *postgres.DB, bus *events.Bus, c Config) *Log { panic("") }
func (l *Log) Start(ctx context.Context)                     {}
func (l *Log) Stop()                                         {}
func (l *Log) CreateContact(ctx context.Context, ws uuid.UUID, c Contact, tokenHash []byte) (Contact, error) {
	panic("")
}
func (l *Log) Contact(ctx context.Context, ws, id uuid.UUID) (Contact, error) { panic("") }
func (l *Log) ContactByToken(ctx context.Context, tokenHash []byte) (ws uuid.UUID, c Contact, err error) {
	panic("")
}
func (l *Log) StartConversation(ctx context.Context, ws uuid.UUID, n NewConversation) (Conversation, error) {
	panic("")
}
func (l *Log) Conversation(ctx context.Context, ws, id uuid.UUID) (Conversation, error) { panic("") }
func (l *Log) LatestConversation(ctx context.Context, ws, contact uuid.UUID) (Conversation, error) {
	panic("")
}
func (l *Log) Conversations(ctx context.Context, ws uuid.UUID, f Filter) ([]Conversation, error) {
	panic("")
}
func (l *Log) LastSeqs(ctx context.Context, ws uuid.UUID, conversations []uuid.UUID) (map[uuid.UUID]int64, error) {
	panic("")
}
func (l *Log) Append(ctx context.Context, ws, conversation uuid.UUID, e Entry) (Message, error) {
	panic("")
}
func (l *Log) Read(ctx context.Context, ws, conversation uuid.UUID, after int64, limit int) ([]Message, error) {
	panic("")
}
func (l *Log) ReadLast(ctx context.Context, ws, conversation uuid.UUID, n int) ([]Message, error) {
	panic("")
}
func (l *Log) Decide(ctx context.Context, ws, conversation uuid.UUID, fn Decision) ([]Message, error) {
	panic("")
}
func (l *Log) DecideNext(ctx context.Context, ws uuid.UUID, pick func(tx pgx.Tx) (uuid.UUID, error), fn Decision) ([]Message, error) {
	panic("")
}
func (l *Log) ClaimTurn(ctx context.Context, node string, lease time.Duration) (*Turn, error) {
	panic("")
}
func (l *Log) ClaimTurnOf(ctx context.Context, ws, conversation uuid.UUID, node string, lease time.Duration) (*Turn, error) {
	panic("")
}
func (l *Log) RenewTurn(ctx context.Context, t Turn, lease time.Duration) error { panic("") }
func (l *Log) FinishTurn(ctx context.Context, t Turn, fn Decision) ([]Message, error) {
	panic("")
}
