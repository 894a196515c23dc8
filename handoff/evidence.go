package handoff

import (
	"strconv"

	"github.com/google/uuid"

	"handrail/internal/chat"
	"handrail/internal/seal"
)

// evidencePlace is where the evidence of a handoff is sealed: summary, entities and passages hold the visitor's words.
func evidencePlace(ws, contact, conversation uuid.UUID, turn int64) seal.Place {
	return seal.Place{Workspace: ws, Owner: contact, Column: "handoffs.sealed",
		Row: conversation.String() + "/" + strconv.FormatInt(turn, 10)}
}

// setEvidence fills in what was sealed; an erased visitor leaves none.
func setEvidence(h *chat.Handoff, r *seal.Row) {
	h.Summary, h.Entities, h.Passages = r.Text(0), listOf(r.Bytes(1)), listOf(r.Bytes(2))
}
