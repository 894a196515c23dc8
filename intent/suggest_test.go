package intent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/postgres/pgtest"
)

func TestSuggestPicksWhatTeachesMost(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws, c := pgtest.Workspace(t, db), intent.NewClassifier(db)
	start := time.Now().Add(-time.Hour)
	var heard []intent.Heard
	hear := func(text string, answered bool) {
		heard = append(heard, intent.Heard{Conversation: uuid.New(), Seq: 1, Text: text, Lang: "en",
			At: start.Add(time.Duration(len(heard)) * time.Minute), Answered: answered})
	}
	hear("do you engrave initials", false)
	hear("Do you engrave initials?", false)
	hear("do you engrave  initials!!", true)
	hear("where is my parcel now", true)   // the model is sure, and the bot answered
	hear("Where is my parcel?", false)     // an example already
	hear("when will my order come", false) // sure, but it did not help
	hear("call me at +49 30 1234567 about engraving", false)
	hear("...", false)

	list, err := c.Suggest(t.Context(), ws, heard)
	require.NoError(t, err)
	require.Len(t, list, 5, "without a model everything but white noise is worth labelling")
	require.Empty(t, list[0].Intent)

	_, err = c.Train(t.Context(), ws, shopCatalog())
	require.NoError(t, err)
	list, err = c.Suggest(t.Context(), ws, heard)
	require.NoError(t, err)
	var texts []string
	for _, s := range list {
		texts = append(texts, fmt.Sprintf("%d %s", s.Count, s.Text))
	}
	require.Equal(t, []string{"3 do you engrave initials!!", "1 call me at [phone] about engraving", "1 when will my order come"}, texts)
	require.Equal(t, heard[2].Conversation, list[0].Conversation, "the latest of them")
	require.Equal(t, "order_status", list[2].Intent)

	for i := range 150 {
		hear(fmt.Sprintf("something about the %s thing", uuid.NewString()[:8]+fmt.Sprint(i)), false)
	}
	list, err = c.Suggest(t.Context(), ws, heard)
	require.NoError(t, err)
	require.Len(t, list, 100)
}
