package chat

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
	"handrail/internal/text"
)

const (
	// chunkSize is how many entries of a conversation share a row of the index.
	chunkSize = 64
	// maxChunks is how many rows of the index one search opens.
	maxChunks = 1000
)

// chunkOf is the row of the index that entry seq belongs to.
func chunkOf(seq int64) int64 { return (seq - 1) / chunkSize }

// searchTerms are the terms by which a text is found, each once. Words that stand in every text are left out, unless there
// are no others.
func searchTerms(s string) []string {
	var content, all []string
	for _, t := range text.Terms(s) {
		all = append(all, t.Text)
		if !text.IsFunction(t.Text) {
			content = append(content, t.Text)
		}
	}
	if len(content) > 0 {
		all = content
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// chunk is a place where words may stand.
type chunk struct {
	Conversation, Contact uuid.UUID
	N                     int64
}

// search returns the conversations of which one message holds every word, the latest started first. The index says where
// to look; what it found is opened and looked at.
func (l *Log) search(ctx context.Context, tx pgx.Tx, ws uuid.UUID, query string, states []string, agent int64) ([]uuid.UUID, error) {
	wanted := searchTerms(query)
	key, err := l.searchKey(ctx, tx, ws)
	if err != nil || len(wanted) == 0 || key == nil {
		return []uuid.UUID{}, err
	}
	rows, err := tx.Query(ctx, `
		SELECT c.id, c.contact_id, s.chunk
		FROM search_chunks s JOIN conversations c ON c.workspace_id = s.workspace_id AND c.id = s.conversation_id
		WHERE s.workspace_id = $1 AND s.terms @> $2 AND c.erased_at IS NULL
		      AND (cardinality($3::text[]) = 0 OR c.state = ANY($3)) AND ($4::bigint = 0 OR c.agent_id = $4)
		ORDER BY c.created_at DESC, s.chunk DESC LIMIT $5`, ws, key.Blind(wanted), states, agent, maxChunks)
	if err != nil {
		return nil, fmt.Errorf("search the history: %w", err)
	}
	chunks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[chunk])
	if err != nil {
		return nil, fmt.Errorf("search the history: %w", err)
	}
	found := []uuid.UUID{}
	for _, c := range chunks {
		if slices.Contains(found, c.Conversation) {
			continue
		}
		said, err := l.chunkMessages(ctx, tx, ws, c)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(said, func(m Message) bool { return holds(searchTerms(m.Body), wanted) }) {
			found = append(found, c.Conversation)
		}
	}
	return found, nil
}

// holds reports whether every wanted term is among the terms, which are sorted.
func holds(terms, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool {
		_, found := slices.BinarySearch(terms, w)
		return !found
	})
}

func (l *Log) chunkMessages(ctx context.Context, tx pgx.Tx, ws uuid.UUID, c chunk) ([]Message, error) {
	return l.messagesWithin(ctx, tx, ws, `
		SELECT `+messageColumns+`, `+openColumns+`
		FROM messages m JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		WHERE m.workspace_id = $1 AND m.conversation_id = $2 AND m.seq > $3 AND m.seq <= $4 ORDER BY m.seq`,
		ws, c.Conversation, c.N*chunkSize, (c.N+1)*chunkSize)
}

// searchKey is nil where nothing was indexed yet.
func (l *Log) searchKey(ctx context.Context, tx pgx.Tx, ws uuid.UUID) (*seal.Key, error) {
	owner := seal.SearchOwner(ws)
	keys, err := l.db.Vault().Keys(ctx, tx, owner)
	return keys[owner], err
}
