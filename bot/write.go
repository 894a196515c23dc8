package bot

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"handrail/internal/llm"
	"handrail/knowledge"
)

//go:embed prompts/*.tmpl
var prompts embed.FS

const (
	// promptVersion is stored with every turn, so that evals can tell which wording gave which answer.
	promptVersion = "answer-1"
	// noAnswer is what the model says when the passages do not hold the answer.
	noAnswer = "NO_ANSWER"
	// Bounds on what is sent and received.
	promptPassages = 5
	passageTokens  = 500 // of one passage
	questionTokens = 800
	earlierTokens  = 150 // of one earlier message
	historyShown   = 6
	answerTokens   = 400
)

type promptPassage struct {
	N                    int
	Title, Heading, Text string
}

type promptData struct {
	Lang, Question string
	Passages       []promptPassage
	History        []Utterance
}

// write lets the model answer from the passages, sentence by sentence, and keeps only what they support. With live, the
// kept sentences reach the visitor as they come. It reports whether r holds an answer still to be weighed; if not, r
// has been decided.
func (b *Bot) write(ctx context.Context, t Turn, r *Reply, live bool) bool {
	hits := r.Passages[:min(promptPassages, len(r.Passages))]
	request, err := b.answerRequest(t, r.Lang, hits)
	if err != nil {
		b.fail(r, err)
		return false
	}
	r.Model, r.Prompt = b.c.Model.Name(), promptVersion
	g := &grounder{hits: hits}
	if live && t.Stream != nil {
		g.emit = t.Stream
	}
	for delta, err := range b.c.Model.Stream(ctx, request) {
		if err == nil && delta.Finish != "" && delta.Finish != llm.FinishStop {
			err = fmt.Errorf("the answer ended by %q: %w", delta.Finish, llm.ErrIncomplete)
		}
		if err != nil {
			g.withdraw()
			b.fail(r, err)
			return false
		}
		if delta.Usage != nil {
			r.Usage = *delta.Usage
		}
		g.take(delta.Text)
	}
	g.finish()
	r.Features.add("grounded", g.share())
	if g.text() == "" {
		g.withdraw()
		b.handOff(r, ReasonNoAnswer)
		return false
	}
	r.Text, r.Citations = g.text(), g.citations()
	return true
}

func (b *Bot) fail(r *Reply, err error) {
	b.c.Logger.Warn("the model failed; the conversation goes to a person", "error", err)
	b.handOff(r, ReasonModelFailure)
	r.Failure = err
}

func (b *Bot) answerRequest(t Turn, lang string, hits []knowledge.Hit) (llm.Request, error) {
	data := promptData{Lang: lang, Question: b.cut(t.Text, questionTokens)}
	for _, u := range t.History[max(0, len(t.History)-historyShown):] {
		u.Text = b.cut(u.Text, earlierTokens)
		data.History = append(data.History, u)
	}
	for i, h := range hits {
		data.Passages = append(data.Passages, promptPassage{
			N: i + 1, Title: h.Title, Heading: strings.Join(h.HeadingPath, " > "), Text: b.cut(passageText(h), passageTokens)})
	}
	tmpl, err := template.ParseFS(prompts, "prompts/answer.tmpl")
	if err != nil {
		return llm.Request{}, fmt.Errorf("parse prompt: %w", err)
	}
	var system, user strings.Builder
	if err := tmpl.ExecuteTemplate(&system, "system", data); err != nil {
		return llm.Request{}, fmt.Errorf("fill prompt: %w", err)
	}
	if err := tmpl.ExecuteTemplate(&user, "user", data); err != nil {
		return llm.Request{}, fmt.Errorf("fill prompt: %w", err)
	}
	return llm.Request{MaxTokens: answerTokens, Messages: []llm.Message{
		{Role: llm.System, Content: system.String()}, {Role: llm.User, Content: user.String()}}}, nil
}

// cut shortens s to at most n tokens of the model, so that nobody can make a turn cost more than the prompt allows.
func (b *Bot) cut(s string, n int) string {
	if b.c.Tokens == nil {
		return clip(s, n) // a token is at least a character
	}
	return b.c.Tokens.Truncate(s, n)
}

// passageText is the passage on one line, as the prompt's format needs it.
func passageText(h knowledge.Hit) string {
	s := h.Text
	if h.Question != "" && !slices.Contains(h.HeadingPath, h.Question) {
		s = h.Question + " " + s
	}
	return strings.Join(strings.Fields(s), " ")
}
