package bot

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"handrail/intent"
	"handrail/internal/text"
	"handrail/knowledge"
)

const (
	// Anger at or above this goes to a person at once: an apology by a machine makes it worse.
	angerLimit = 0.55
	// An intent's own policy (a fixed reply, straight to a person) is followed when the intent is at least this likely.
	policyLimit = 0.6
	// An intent at least this likely lends its label to the search.
	steerLimit = 0.4
	// One at least this likely also favours the documents that its examples find.
	favourLimit = 0.85
	// passagesKept is how many passages are stored with a turn and shown to the agent.
	passagesKept = 6
	// summaryRunes bounds each line of the summary for agents.
	summaryRunes = 240
)

// Respond decides a turn. It writes nothing. The error is set only if the database failed; a failing model leads to a
// handoff instead.
func (b *Bot) Respond(ctx context.Context, t Turn) (Reply, error) {
	start := time.Now()
	r := Reply{
		Lang:      text.Detect(t.Text, cmpOr(t.Lang, "en")),
		Entities:  b.c.Classifier.Entities(ctx, t.Workspace, t.Text),
		Threshold: b.c.Settings.Threshold,
	}
	err := b.respond(ctx, t, &r)
	r.Took = time.Since(start)
	if r.Decision == Handoff {
		r.Summary = summary(t)
		r.Urgent = urgent(t, r.Reason)
	}
	return r, err
}

// summary tells an agent in two lines what the visitor wants: the first message, which names the matter, and the last.
func summary(t Turn) string {
	for _, u := range t.History {
		if u.FromVisitor {
			return clip(u.Text, summaryRunes) + "\n" + clip(t.Text, summaryRunes)
		}
	}
	return clip(t.Text, summaryRunes)
}

func (b *Bot) respond(ctx context.Context, t Turn, r *Reply) error {
	if len(text.Words(t.Text)) == 0 && !askedBack(t, r.Lang) {
		r.Decision, r.Reason, r.Text = Clarify, ReasonAmbiguous, phrases(r.Lang).unclear
		return nil
	}
	t = taken(t)
	var err error
	if r.tuning, err = b.tunings.of(ctx, t.Workspace); err != nil {
		return err
	}
	r.Threshold = b.threshold(r.tuning)
	if r.Intent, err = b.c.Classifier.Classify(ctx, t.Workspace, t.Text); err != nil {
		return err
	}
	if in, err := b.chosenIntent(ctx, t); err != nil {
		return err
	} else if in != nil {
		r.Intent.Intent, r.Intent.Name, r.Intent.Probability, r.Intent.OutOfScope = in, in.Name, 1, 0
	}
	if in := r.Intent.Intent; in != nil && in.Threshold > 0 {
		r.Threshold = in.Threshold
	}
	favoured, err := b.favoured(ctx, t, r)
	if err != nil {
		return err
	}
	found, err := b.search(ctx, t, r, favoured)
	if err != nil {
		return err
	}
	first(chosenDocument(t), found.Hits)
	r.Passages = found.Hits[:min(passagesKept, len(found.Hits))]
	r.Features = features(t, r.Intent, found)
	r.Features.add("favoured", favouredShare(favoured, found.Hits))
	if intent.WantsPerson(t.Text) {
		b.handOff(r, ReasonAskedForPerson)
		return nil
	}
	if b.followPolicy(t, r) {
		return nil
	}
	if reason, err := b.effort(ctx, t, r); err != nil {
		return err
	} else if reason != "" {
		b.handOff(r, reason)
		return nil
	}
	if asked, err := b.clarifyPolicy(ctx, t, r); asked || err != nil {
		return err
	}
	if len(found.Hits) == 0 {
		b.handOff(r, ReasonNoAnswer)
		return nil
	}
	return b.answer(ctx, t, r)
}

// askedBack reports whether the last thing said was that a message without words ("?", an emoji) was not understood. A
// second one goes to a person.
func askedBack(t Turn, lang string) bool {
	for i := len(t.History) - 1; i >= 0; i-- {
		if !t.History[i].FromVisitor {
			return t.History[i].Text == phrases(lang).unclear
		}
	}
	return false
}

// search asks the knowledge base for the message, in the light of what was said before and of what it is about.
func (b *Bot) search(ctx context.Context, t Turn, r *Reply, favoured map[uuid.UUID]float64) (knowledge.Result, error) {
	q := knowledge.Query{Text: withoutContact(t.Text, r.Entities), Lang: r.Lang, Favoured: favoured}
	for _, u := range t.History {
		if u.FromVisitor {
			q.History = append(q.History, u.Text)
		}
	}
	if in := r.Intent.Intent; in != nil && r.Intent.Probability >= steerLimit {
		q.Topic = in.Label[r.Lang]
	}
	return b.c.Base.Search(ctx, t.Workspace, q)
}

// withoutContact leaves out how the visitor can be reached, which is no part of the question; a message that is nothing
// else stays. A case made of a conversation holds masks in place of it.
func withoutContact(message string, entities []intent.Entity) string {
	out := message
	for _, e := range entities {
		if e.Kind == intent.KindEmail || e.Kind == intent.KindPhone {
			out = strings.ReplaceAll(out, e.Text, " ")
		}
	}
	for _, mask := range intent.Masks() {
		out = strings.ReplaceAll(out, mask, " ")
	}
	if len(text.Words(out)) == 0 {
		return message
	}
	return out
}

// favoured returns the documents that deal with a likely intent, nil if none is likely enough.
func (b *Bot) favoured(ctx context.Context, t Turn, r *Reply) (map[uuid.UUID]float64, error) {
	if id := chosenDocument(t); id != uuid.Nil {
		return map[uuid.UUID]float64{id: 1}, nil
	}
	in := r.Intent.Intent
	if in == nil || in.Policy != intent.PolicyAnswer || r.Intent.Probability < favourLimit {
		return nil, nil
	}
	return b.affinities.of(ctx, t.Workspace, in, r.Intent.Model, r.Lang)
}

// favouredShare is how much the likely intent speaks for the best passage's document.
func favouredShare(favoured map[uuid.UUID]float64, hits []knowledge.Hit) float64 {
	if len(hits) == 0 {
		return 0
	}
	return min(1, favoured[hits[0].DocumentID])
}

// followPolicy decides the turns that need no retrieval: it reports whether it did.
func (b *Bot) followPolicy(t Turn, r *Reply) bool {
	if intent.Anger(t.Text) >= angerLimit {
		b.handOff(r, ReasonAnger)
		return true
	}
	in := r.Intent.Intent
	if in == nil || r.Intent.Probability < policyLimit {
		return false
	}
	switch in.Policy {
	case intent.PolicyHandoff:
		b.handOff(r, ReasonSensitive)
		return true
	case intent.PolicyReply:
		// A greeting in front of a question is a question: the fixed reply is only for messages that say nothing the
		// knowledge base knows more about.
		if r.Features.get("title_match") > 0.5 && r.Features.get("terms") >= 3 {
			return false
		}
		r.Decision, r.Reason = Answer, ReasonFixedReply
		r.Text = inLanguage(in.Reply, r.Lang)
		r.Confidence = r.Intent.Probability
		return true
	}
	return false
}

func (b *Bot) handOff(r *Reply, reason string) {
	r.Decision, r.Reason = Handoff, reason
	r.Text = phrases(r.Lang).handoff[reason]
	r.Citations, r.Choices = nil, nil
}

// inLanguage picks the text in lang, else English, else any.
func inLanguage(texts map[string]string, lang string) string {
	for _, l := range []string{lang, "en"} {
		if s, ok := texts[l]; ok {
			return s
		}
	}
	for _, s := range texts {
		return s
	}
	return ""
}

func cmpOr(s, fallback string) string {
	if strings.TrimSpace(s) == "" {
		return fallback
	}
	return s
}
