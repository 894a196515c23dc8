// Package bot decides one turn of a conversation: answer with citations, ask one clarifying question, or hand the
// visitor to a person.
//
// A turn runs through these steps; each is a method in a file of its own:
//
//	visitor message
//	  -> language, entities                      respond.go
//	  -> asked for a person, anger               respond.go     -> hand off, whatever the confidence
//	  -> intent and its policy                   respond.go     -> fixed reply, or hand off
//	  -> passages                                respond.go
//	  -> answer: quoted, or written by a model   quote.go, write.go, ground.go
//	  -> confidence                              confidence.go
//	  -> decision                                decide.go      -> answer | clarify | hand off
//
// Guarantees:
//
//   - [Bot.Respond] writes nothing. Evals, previews and agent suggestions call it as the live chat does.
//   - [Bot.Handle] appends the reply, clears the turn's mark, stores the reasons in table turns and, for a handoff,
//     queues the conversation, all in one transaction. A turn that was overtaken (a person took over, the visitor was
//     answered by another node) is refused by the log and leaves nothing behind.
//   - Every sentence shown is quoted from a passage or supported by one that is cited. See [supported].
package bot

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"handrail/intent"
	"handrail/internal/chat"
	"handrail/internal/llm"
	"handrail/internal/postgres"
	"handrail/knowledge"
)

// Decision is what the bot does about a message.
type Decision string

// The decisions.
const (
	Answer  Decision = "answer"
	Clarify Decision = "clarify"
	Handoff Decision = "handoff"
)

// The reasons for a decision. Those of a handoff are shown to the agent.
const (
	ReasonConfident      = "confident"        // answer: confidence at or above the threshold
	ReasonFixedReply     = "fixed_reply"      // answer: the intent has a reply of its own
	ReasonAmbiguous      = "ambiguous"        // clarify: two readings are about as likely
	ReasonAskedForPerson = "asked_for_person" // handoff
	ReasonAnger          = "anger"            // handoff
	ReasonFrustrated     = "frustrated"       // handoff: the answers so far were of no use to the visitor
	ReasonRepeated       = "repeated"         // handoff: the visitor asks again what they asked before
	ReasonSensitive      = "sensitive_intent" // handoff: the intent's policy
	ReasonLowConfidence  = "low_confidence"   // handoff
	ReasonOutOfScope     = "out_of_scope"     // handoff: not something this workspace deals with
	ReasonNoAnswer       = "no_answer"        // handoff: no passage, or the model found no answer in them
	ReasonModelFailure   = "model_failure"    // handoff: the model's endpoint failed
)

// Utterance is one earlier message of the conversation.
type Utterance struct {
	FromVisitor bool
	Text        string
	Choices     []Choice // of a clarifying question
}

// Turn is a visitor's message and what came before it.
type Turn struct {
	Workspace uuid.UUID
	Text      string
	Lang      string      // language of the conversation so far; "" if unknown
	History   []Utterance // oldest first, without Text

	// Stream, if set, receives the answer as it grows: text is what follows the first offset characters. It is called
	// only for text that will stand in the final reply, and not at all for quoted or withheld answers.
	Stream func(offset int, text string)

	chosen *Choice // what Text takes of a clarifying question's choices; see taken
}

// Citation points from a mark in the reply ([1], [2], ...) to the passage that supports it.
type Citation struct {
	N        int       `json:"n"`
	Title    string    `json:"title"`
	Heading  string    `json:"heading"`        // heading path, " > " between levels; "" at the top of the document
	Page     int       `json:"page,omitempty"` // from 1; 0 in a document without pages
	URL      string    `json:"url"`            // "" for a document without an address
	Source   string    `json:"source"`         // file path or address it was ingested from
	Quote    string    `json:"quote"`
	Document uuid.UUID `json:"document"`
	Passage  int64     `json:"passage"`
}

// Choice is one reading offered by a clarifying question. The visitor answers with its label.
type Choice struct {
	ID    string `json:"id"` // "intent:NAME" or "document:UUID"
	Label string `json:"label"`
}

// Reply is what the bot says, what it decided, and everything the decision rests on.
type Reply struct {
	Decision   Decision
	Reason     string
	Text       string
	Citations  []Citation
	Choices    []Choice
	Confidence float64 // calibrated probability that Text is right, in [0, 1]
	Threshold  float64 // what Confidence was compared with
	Lang       string
	Intent     intent.Result
	Entities   []intent.Entity
	Passages   []knowledge.Hit
	Features   Features
	Model      string // "" if no model wrote the text
	Prompt     string // version of the prompt template
	Usage      llm.Usage
	Took       time.Duration
	Summary    string    // for the agent, on a handoff
	Urgent     bool      // on a handoff: the visitor is angry or has tried in vain, and is served before others
	Withheld   *Withheld // the answer that was not given for want of confidence; nil if there was none
	Failure    error     // why the model failed, for operators; nil if it did not

	tuning tuning // what Confidence and Threshold come from
}

// Settings are a workspace's choices about the bot.
type Settings struct {
	Threshold float64 // least confidence to answer with, in [0, 1]
	Name      string  // shown to visitors
}

// DefaultThreshold is the confidence below which a conversation goes to a person.
const DefaultThreshold = 0.8

// Desk takes conversations that need a person. It runs inside the transaction that ends the turn.
type Desk interface {
	Enqueue(ctx context.Context, tx pgx.Tx, c *chat.Conversation, h chat.Handoff) error
}

// Config is what a Bot works with. Model may be nil: answers are then quoted from the best passage.
type Config struct {
	DB         *postgres.DB
	Log        *chat.Log
	Base       *knowledge.Base
	Classifier *intent.Classifier
	Model      llm.Model
	Tokens     *llm.Tokens // of Model, to bound its prompt; without it characters are counted
	Desk       Desk
	Settings   Settings
	Logger     *slog.Logger

	// Stream, if set, receives the growing answers of live conversations; see [Turn.Stream].
	Stream func(conversation uuid.UUID, turn int64, offset int, text string)
}

// Bot answers visitors. It is safe for concurrent use.
type Bot struct {
	c          Config
	calibrator func(Features) Calibrator // of workspaces that have not activated one of their own
	tunings    *tunings
	affinities affinities
}

// New returns a bot.
func New(c Config) *Bot {
	if c.Settings.Threshold == 0 {
		c.Settings.Threshold = DefaultThreshold
	}
	return &Bot{c: c, calibrator: Shipped, tunings: newTunings(c.DB),
		affinities: affinities{base: c.Base, known: map[affinityKey]affinity{}}}
}

// messageData is the data of a bot message in the log, as clients read it.
type messageData struct {
	AI        bool     `json:"ai"` // visitors must be told that they read a machine's words
	Citations []shown  `json:"citations,omitempty"`
	Choices   []Choice `json:"choices,omitempty"`
}

// shown is the part of a citation that visitors see: paths and ids of documents are the company's own business.
type shown struct {
	N       int    `json:"n"`
	Title   string `json:"title"`
	Heading string `json:"heading"`
	Page    int    `json:"page,omitempty"`
	URL     string `json:"url"`
	Quote   string `json:"quote"`
}

func (r Reply) data() (json.RawMessage, error) {
	data := messageData{AI: true, Choices: r.Choices}
	for _, c := range r.Citations {
		data.Citations = append(data.Citations, shown{c.N, c.Title, c.Heading, c.Page, c.URL, c.Quote})
	}
	return json.Marshal(data)
}
