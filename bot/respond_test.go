package bot

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/intent"
	"handrail/internal/postgres/pgtest"
	"handrail/knowledge"
)

func TestQuotesWithACitation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.respond(w.bot(0.9, nil), w.turn("How many days do I have to return a bicycle?"))
	require.Equal(t, Answer, r.Decision)
	require.Equal(t, ReasonConfident, r.Reason)
	require.Contains(t, r.Text, "within 30 days of delivery")
	require.Contains(t, r.Text, " [1]")
	require.Len(t, r.Citations, 1)
	c := r.Citations[0]
	require.NotZero(t, c.Passage)
	require.NotZero(t, c.Document)
	c.Passage, c.Document = 0, r.Passages[0].DocumentID
	require.Equal(t, Citation{N: 1, Title: "Returns", Heading: "How to return", URL: "https://linden.example/returns.md",
		Source: "returns.md", Quote: r.Passages[0].Text, Document: r.Passages[0].DocumentID}, c)
	require.Empty(t, r.Model)
	require.LessOrEqual(t, len(r.Passages), passagesKept)
}

func TestUnanswerableGoesToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.5, nil)
	b.calibrator = Shipped
	r := w.respond(b, w.turn("Zyxo qwertle flomp grizzik vorn?"))
	require.Equal(t, []any{Handoff, ReasonNoAnswer}, []any{r.Decision, r.Reason}, "no passage has any of its words")
	r = w.respond(b, w.turn("Does the observatory sell telescopes with solar filters for children?"))
	require.Equal(t, Handoff, r.Decision)
	require.Contains(t, []string{ReasonLowConfidence, ReasonOutOfScope, ReasonNoAnswer}, r.Reason)
	require.Empty(t, r.Citations)
	require.Equal(t, phrases("en").handoff[r.Reason], r.Text)
}

func TestPersonAndAnger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.99, nil)
	for text, want := range map[string]struct{ reason, lang string }{
		"I want to talk to a human, please":                      {ReasonAskedForPerson, "en"},
		"请帮我转人工客服":                                               {ReasonAskedForPerson, "zh"},
		"THIS IS RIDICULOUS, you are all idiots and scammers!!!": {ReasonAnger, "en"},
		"他妈的，你们这帮骗子，气死我了！！！垃圾公司！！！":                              {ReasonAnger, "zh"},
		"Worst shop ever, you damn liars! I am furious!!!":       {ReasonAnger, "en"},
	} {
		turn := w.turn(text)
		turn.History = []Utterance{{FromVisitor: true, Text: "My bicycle has no bell."}}
		r := w.respond(b, turn)
		require.Equal(t, Handoff, r.Decision, text)
		require.Equal(t, want.reason, r.Reason, text)
		require.Equal(t, phrases(want.lang).handoff[want.reason], r.Text, text)
		require.Equal(t, "My bicycle has no bell.\n"+text, r.Summary)
	}
}

func TestIntentPolicies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	b := w.bot(0.99, nil)
	r := w.respond(b, w.turn("hello there"))
	require.Equal(t, []any{Answer, ReasonFixedReply, "Hello from Linden!"}, []any{r.Decision, r.Reason, r.Text}, "%+v", r.Intent)
	r = w.respond(b, w.turn("你好"))
	require.Equal(t, []any{Answer, ReasonFixedReply, "您好！"}, []any{r.Decision, r.Reason, r.Text}, "%+v", r.Intent)
	r = w.respond(b, w.turn("my account was hacked"))
	require.Equal(t, []any{Handoff, ReasonSensitive, "fraud"}, []any{r.Decision, r.Reason, r.Intent.Name}, "%+v", r.Intent)
}

func TestThreshold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const question = "How many days do I have to return a bicycle after delivery?"
	for confidence, want := range map[float64]Decision{0.79: Handoff, 0.81: Answer} {
		r := w.respond(w.bot(confidence, nil), w.turn(question))
		require.Equal(t, want, r.Decision)
		require.InDelta(t, confidence, r.Confidence, 1e-9)
		require.Equal(t, DefaultThreshold, r.Threshold)
		require.NotEmpty(t, r.Passages, "the agent sees what was found")
	}
	w.train()
	for _, test := range []struct {
		question          string
		confidence, limit float64
		want              Decision
	}{
		{"how long can I return a bicycle", 0.71, 0.7, Answer},
		{"how long can I return a bicycle", 0.69, 0.7, Handoff},
		{"does the warranty cover rust on frames", 0.94, 0.95, Handoff},
		{"does the warranty cover rust on frames", 0.96, 0.95, Answer},
	} {
		r := w.respond(w.bot(test.confidence, nil), w.turn(test.question))
		require.Equal(t, test.limit, r.Threshold, "%+v", r.Intent)
		require.Equal(t, test.want, r.Decision, "%s at %v", test.question, test.confidence)
	}
}

func TestLanguageFollowsTheVisitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.9, nil)
	turn := w.turn("自行车几天内可以退货，运费谁承担？")
	turn.Lang = "en"
	r := w.respond(b, turn)
	require.Equal(t, []any{Answer, "zh"}, []any{r.Decision, r.Lang})
	require.Contains(t, r.Text, "三十天内可以退货")
	r = w.respond(w.bot(0.1, nil), turn)
	require.Equal(t, phrases("zh").handoff[ReasonLowConfidence], r.Text)

	turn = w.turn("30?")
	turn.Lang = "zh"
	require.Equal(t, "zh", w.respond(b, turn).Lang, "a message in no language keeps the conversation's")
}

func TestClarifiesBareMessagesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.respond(w.bot(0.99, nil), w.turn("card?"))
	require.Equal(t, []any{Clarify, ReasonAmbiguous}, []any{r.Decision, r.Reason})
	require.Equal(t, phrases("en").clarify, r.Text)
	var labels []string
	for _, c := range r.Choices {
		labels = append(labels, c.Label)
		require.Contains(t, c.ID, "document:")
	}
	require.ElementsMatch(t, []string{"Gift cards", "Credit cards"}, labels)

	unsure := w.turn("what about a card")
	unsure.History = []Utterance{{FromVisitor: true, Text: "I have a question"}, {Text: "Yes?"}}
	b := w.bot(0.5, nil)
	require.Equal(t, Clarify, w.respond(b, w.turn("card")).Decision)
	again := w.turn("card")
	again.History = []Utterance{{FromVisitor: true, Text: "card"}, {Text: "Which?", Choices: r.Choices}}
	r = w.respond(b, again)
	require.Equal(t, Handoff, r.Decision, "never twice in a row")
	require.Empty(t, r.Choices)
	again.History[1].Choices = nil
	require.Equal(t, Clarify, w.respond(b, again).Decision, "but again after something else was said")
	require.Equal(t, Handoff, w.respond(w.bot(0.2, nil), again).Decision, "and only if the base seems to know")
}

func TestOffersIntentsWithALabel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.train()
	r := &Reply{Lang: "en"}
	r.Intent.Alternatives = []intent.Alternative{{Name: "returns", Probability: .4}, {Name: "fraud", Probability: .35},
		{Name: "warranty", Probability: .3}, {Name: "greeting", Probability: .1}}
	choices, err := w.bot(0.5, nil).choices(t.Context(), w.turn("it"), r, specificityOf("it"))
	require.NoError(t, err)
	require.Equal(t, []Choice{{"intent:returns", "Return a bicycle"}, {"intent:warranty", "Warranty"}}, choices,
		"those that the bot answers")
}

func TestUnknownMatterGivesNoChoices(t *testing.T) {
	t.Parallel()
	r := &Reply{Features: Features{{"unknown", 0.6}}, Passages: []knowledge.Hit{{Score: 1}, {Score: 1}}}
	asked, err := (&Bot{}).clarify(t.Context(), Turn{Text: "zebras"}, r, 0.5)
	require.NoError(t, err)
	require.False(t, asked, "what the base does not know is not to be chosen from")
}

func TestAMessageWithoutWordsIsAskedBackOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.bot(0.9, nil)
	for _, message := range []string{"?", "😀😀", "……"} {
		first := w.respond(b, w.turn(message))
		require.Equal(t, Clarify, first.Decision, message)
		require.NotEmpty(t, first.Text, message)

		again := w.turn(message)
		again.History = []Utterance{{FromVisitor: true, Text: message}, {Text: first.Text}}
		require.Equal(t, Handoff, w.respond(b, again).Decision, message)
	}
}

// In a base of one page everything leads, even the page that shares one word with the question.
func TestASmallBaseAdmitsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t)
	ws := pgtest.Workspace(t, db)
	base := knowledge.New(db, nil)
	text := "A flower pot costs 12 euros."
	require.NoError(t, base.Replace(t.Context(), ws, knowledge.Document{URI: "pots.md", Title: "Pots", Lang: "en"},
		[]knowledge.Passage{{Title: "Pots", Text: text, End: len(text), Lang: "en"}}))
	b := New(Config{DB: db, Base: base, Classifier: intent.NewClassifier(db), Logger: slog.New(slog.DiscardHandler)})
	r, err := b.Respond(t.Context(), Turn{Workspace: ws, Text: "What does museum admission cost?"})
	require.NoError(t, err)
	require.NotEqual(t, Answer, r.Decision)
	require.Less(t, r.Confidence, 0.5)
}

func TestHowToReachTheVisitorIsNoPartOfTheQuestion(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"I am ada@example.com. What does shipping cost?": "I am  . What does shipping cost?",
		"call +49 30 901820 about refunds":               "call   about refunds",
		"ada@example.com":                                "ada@example.com",
		"mail me at [e-mail] or [phone] about boots":     "mail me at   or   about boots",
		"where is order HP-40718825":                     "where is order HP-40718825",
	} {
		require.Equal(t, want, withoutContact(message, intent.Entities(message)))
	}
}
