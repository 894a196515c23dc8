package chat

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/internal/seal"
)

// Stored is an entry that another package's query has found, to be opened.
type Stored struct {
	Conversation, Contact uuid.UUID
	Seq                   int64
	Sealed                []byte // messages.sealed; nil = there is no entry
	Body                  string // set by OpenStored, like Data; "" where the contact was erased
	Data                  json.RawMessage
	Erased                bool
}

// OpenStored opens entries of a workspace in the caller's transaction.
func OpenStored(ctx context.Context, tx pgx.Tx, v *seal.Vault, ws uuid.UUID, list ...*Stored) error {
	var rows []*seal.Row
	var there []*Stored
	for _, s := range list {
		if s.Sealed != nil {
			place := messagePlace(ws, s.Contact, s.Conversation, s.Seq)
			rows, there = append(rows, &seal.Row{Place: place, Sealed: s.Sealed}), append(there, s)
		}
	}
	if err := v.Open(ctx, tx, rows...); err != nil {
		return err
	}
	for i, r := range rows {
		there[i].Body, there[i].Data, there[i].Erased = r.Text(1), r.Bytes(2), r.Erased
	}
	return nil
}

// StoredAll makes entries of one conversation of the arrays of their numbers and contents.
func StoredAll(conversation, contact uuid.UUID, seqs []int64, sealed [][]byte) []*Stored {
	list := make([]*Stored, len(seqs))
	for i := range seqs {
		list[i] = &Stored{Conversation: conversation, Contact: contact, Seq: seqs[i], Sealed: sealed[i]}
	}
	return list
}

// Joined is what entries say, with a separator between them.
func Joined(list []*Stored, separator string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.Body
	}
	return strings.Join(words, separator)
}
