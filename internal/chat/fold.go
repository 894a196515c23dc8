package chat

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
)

// Fold applies edits to messages of the same conversation: what was changed has its new body, what was removed and the
// entries of kind [KindEdit] themselves are left out. Where several edits change one message, the latest counts. The
// messages given are not altered.
func Fold(messages, edits []Message) []Message {
	latest := map[int64]Message{}
	data := map[int64]editData{}
	for _, m := range edits {
		var d editData
		if m.Kind == KindEdit && json.Unmarshal(m.Data, &d) == nil && m.Seq > latest[d.Seq].Seq {
			latest[d.Seq], data[d.Seq] = m, d
		}
	}
	folded := make([]Message, 0, len(messages))
	for _, m := range messages {
		edit, edited := latest[m.Seq]
		if m.Kind == KindEdit || edited && data[m.Seq].Removed {
			continue
		}
		if edited {
			m.Body = edit.Body
		}
		folded = append(folded, m)
	}
	return folded
}

// Folded returns messages of a conversation as people see them now: it reads the latest edit of each and applies
// [Fold]. Everything that works on the words of a conversation uses it.
func (l *Log) Folded(ctx context.Context, ws, conversation uuid.UUID, messages []Message) ([]Message, error) {
	if len(messages) == 0 {
		return messages, nil
	}
	seqs := make([]int64, len(messages))
	for i, m := range messages {
		seqs[i] = m.Seq
	}
	edits, err := l.messages(ctx, ws, `
		SELECT `+messageColumns+`, `+openColumns+` FROM edits x
		JOIN messages m ON m.workspace_id = x.workspace_id AND m.conversation_id = x.conversation_id AND m.seq = x.edit_seq
		JOIN conversations c ON c.workspace_id = m.workspace_id AND c.id = m.conversation_id
		WHERE x.workspace_id = $1 AND x.conversation_id = $2 AND x.seq BETWEEN $3 AND $4`,
		ws, conversation, slices.Min(seqs), slices.Max(seqs))
	if err != nil {
		return nil, err
	}
	return Fold(messages, edits), nil
}
