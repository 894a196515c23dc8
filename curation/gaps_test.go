package curation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/bot"
	"handrail/internal/chat"
	"handrail/internal/errs"
	"handrail/internal/postgres/pgtest"
)

func TestGapsAreQuestionsWithoutKnowledge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, reason := range []string{bot.ReasonAskedForPerson, bot.ReasonAnger, bot.ReasonSensitive, bot.ReasonModelFailure} {
		w.ask(w.conversation(), "Let me talk to somebody about "+reason, bot.Handoff, reason)
	}
	w.ask(w.conversation(), "How long can I return a bicycle?", bot.Answer, bot.ReasonConfident)
	require.Empty(t, w.gaps())

	first := w.conversation()
	w.say(first, chat.Visitor, "Hello!")
	w.ask(first, "do you sell unicycles? I am ada@example.com", bot.Handoff, bot.ReasonNoAnswer)
	w.ask(w.conversation(), "Do you sell unicycles", bot.Handoff, bot.ReasonLowConfidence)
	w.ask(w.conversation(), "do you sell any unicycles at all?", bot.Handoff, bot.ReasonLowConfidence)
	w.ask(w.conversation(), "可以分期付款吗？", bot.Handoff, bot.ReasonOutOfScope)
	gaps, questions, err := w.Gaps(t.Context(), w.ws, 14, 1)
	require.NoError(t, err)
	require.Equal(t, 4, questions, "also those beyond the limit")
	require.Len(t, gaps, 1)
	g := gaps[0]
	require.Equal(t, 3, g.Count)
	require.Equal(t, "Do you sell unicycles", g.Question)
	require.Equal(t, bot.ReasonLowConfidence, g.Reason)
	require.False(t, g.AnsweredNow)
	require.Len(t, g.Examples, 3)
	require.Equal(t, "do you sell unicycles? I am [e-mail]", g.Examples[2].Question)
	require.True(t, g.FirstAt.Before(g.LastAt))
}

func TestAClarificationCountsUnlessItHelped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	helped := w.conversation()
	w.ask(helped, "card", bot.Clarify, bot.ReasonAmbiguous)
	w.ask(helped, "Gift cards", bot.Answer, bot.ReasonConfident)
	require.Empty(t, w.gaps())

	left := w.conversation()
	w.ask(left, "voucher", bot.Clarify, bot.ReasonAmbiguous)
	inVain := w.conversation()
	w.ask(inVain, "tandem hire", bot.Clarify, bot.ReasonAmbiguous)
	w.ask(inVain, "for two weeks", bot.Handoff, bot.ReasonLowConfidence)
	var questions []string
	for _, g := range w.gaps() {
		questions = append(questions, g.Question)
	}
	require.ElementsMatch(t, []string{"voucher", "tandem hire for two weeks"}, questions)
}

func TestAQuestionIsReadFromItsBeginning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	early := w.ask(c, "tandem hire", bot.Clarify, bot.ReasonAmbiguous)
	w.ask(c, "for two weeks", bot.Handoff, bot.ReasonLowConfidence)
	w.exec(`UPDATE turns SET at = now() - interval '15 days' WHERE workspace_id = $1 AND seq = $2`, w.ws, early)
	gaps := w.gaps()
	require.Len(t, gaps, 1)
	require.Equal(t, "tandem hire for two weeks", gaps[0].Question, "also what was said before the days asked for")
}

func TestAGapIsDismissedUntilItIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(w.conversation(), "Do you sell unicycles?", bot.Handoff, bot.ReasonLowConfidence)
	w.ask(w.conversation(), "Do you lend helmets to children?", bot.Handoff, bot.ReasonLowConfidence)
	key := keyOf("do you sell unicycles")
	require.NoError(t, w.DismissGap(t.Context(), w.ws, "user:1", key, 14))
	require.NoError(t, w.DismissGap(t.Context(), w.ws, "user:1", key, 14), "again is no error")
	gaps := w.gaps()
	require.Len(t, gaps, 1)
	require.Equal(t, "Do you lend helmets to children?", gaps[0].Question)

	w.ask(w.conversation(), "Do you also sell unicycles?", bot.Handoff, bot.ReasonLowConfidence)
	gaps = w.gaps()
	require.Len(t, gaps, 2)
	require.Equal(t, 2, gaps[0].Count, "all of it shows again")
	require.True(t, errs.Is(w.DismissGap(t.Context(), w.ws, "user:1", "nothing", 14), errs.NotFound))
	require.True(t, errs.Is(w.DismissGap(t.Context(), w.ws, "user:1", key, 0), errs.Invalid))
}

func TestAnswerOfAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.conversation()
	w.ask(c, "Do you sell unicycles?", bot.Handoff, bot.ReasonLowConfidence)
	w.ask(w.conversation(), "do you sell unicycles", bot.Handoff, bot.ReasonLowConfidence)
	d, err := w.Create(t.Context(), w.ws, "user:1", Edit{Question: "Do you have unicycles?",
		Answer: "We sell unicycles in three sizes."}, w.gaps()[0].Key)
	require.NoError(t, err)
	require.Equal(t, 2, d.Count)
	require.Equal(t, &c, d.Conversation)
	require.Equal(t, "Do you sell unicycles?", d.Asked)
	_, err = w.Publish(t.Context(), w.ws, "user:1", d.ID)
	require.NoError(t, err)
	g := w.gaps()[0]
	require.True(t, g.AnsweredNow)
	require.Equal(t, "Do you have unicycles?", g.Best.Title)
	require.Greater(t, g.Best.Answerability, 0.5)
}

func TestWorkspacesDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	one, two := worldOn(t, db), worldOn(t, db)
	one.escalate("Do you sell unicycles?", bot.ReasonLowConfidence, "We sell unicycles in three sizes, from 199 EUR.")
	two.escalate("Do you sell unicycles?", bot.ReasonLowConfidence, "Unicycles are not part of our range, sadly.")
	require.NoError(t, one.derive(t.Context(), firstLook), "one worker serves all workspaces")
	for _, w := range []*world{one, two} {
		require.Len(t, w.gaps(), 1)
		require.Equal(t, 1, w.gaps()[0].Count)
		require.Len(t, w.open(), 1)
		require.Equal(t, 1, w.open()[0].Count)
	}
	d := one.open()[0]
	require.Contains(t, d.Answer, "three sizes")
	_, err := two.Publish(t.Context(), two.ws, "user:1", d.ID)
	require.True(t, errs.Is(err, errs.NotFound))
	_, err = two.Dismiss(t.Context(), two.ws, "user:1", d.ID)
	require.True(t, errs.Is(err, errs.NotFound))
	_, err = one.Publish(t.Context(), one.ws, "user:1", d.ID)
	require.NoError(t, err)
	require.Contains(t, one.found("unicycles"), "faq:"+d.URI())
	require.NotContains(t, two.found("unicycles"), "faq:"+d.URI())
	cases, err := two.Cases(t.Context(), two.ws)
	require.NoError(t, err)
	require.Empty(t, cases)
	for _, table := range []string{"drafts", "draft_sources", "gap_dismissals", "reviewed_cases"} {
		var n int
		require.NoError(t, db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
		require.Zero(t, n, "%s without a workspace", table)
	}
}
