package knowledge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

// A thousand searches in twenty workspaces, each for the canaries of others, find no canary but their own.
func TestWorkspacesNeverLeak(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	b := New(db, &letters{model: "letters", dimensions: 26})
	workspaces := make([]uuid.UUID, 20)
	for i := range workspaces {
		workspaces[i] = pgtest.Workspace(t, db)
		store(t, b, workspaces[i], texts("secret.md", fmt.Sprintf("the shared word and the canary bird%d", i)))
	}
	for i, ws := range workspaces {
		if i%2 == 0 { // Half of them are searched through the index in memory.
			require.NoError(t, b.Index(t.Context(), ws))
		}
		canary := fmt.Sprintf("bird%d", i)
		for n := range 50 {
			question := fmt.Sprintf("the shared word and the canary bird%d bird%d", n%20, (n+i)%20)
			for _, h := range search(t, b, ws, Query{Text: question, Limit: 100}).Hits {
				require.True(t, strings.HasSuffix(h.Text, canary), "workspace %d sees %q", i, h.Text)
			}
		}
		require.Len(t, search(t, b, ws, Query{Text: "canary"}).Hits, 1)
		docs, err := b.Documents(t.Context(), ws, "")
		require.NoError(t, err)
		require.Len(t, docs, 1)
		_, _, err = b.Document(t.Context(), workspaces[(i+1)%20], docs[0].ID)
		require.True(t, errs.Is(err, errs.NotFound))
		require.NoError(t, b.Remove(t.Context(), workspaces[(i+1)%20], docs[0].ID))
		_, _, err = b.Document(t.Context(), ws, docs[0].ID)
		require.NoError(t, err, "removing from another workspace removes nothing")
	}
	for _, table := range []string{"documents", "passages", "passage_terms", "passage_vectors", "knowledge_stats", "knowledge_terms"} {
		var n int
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, "%s without a workspace", table)
	}
}
