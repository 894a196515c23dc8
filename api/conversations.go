package api

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"handrail/bot"
	"handrail/internal/auth"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

// messageView is a message as clients see it, over REST and over WebSocket.
type messageView struct {
	Seq      int64           `json:"seq"`
	ClientID uuid.UUID       `json:"client_id"`
	Sender   senderView      `json:"sender"`
	Kind     chat.Kind       `json:"kind"`
	Body     string          `json:"body"`
	Data     json.RawMessage `json:"data,omitempty"`
	At       time.Time       `json:"at"`
	Erased   bool            `json:"erased,omitempty" doc:"the visitor's data was erased; the kind is erased too"`
}

type senderView struct {
	Kind chat.SenderKind `json:"kind"`
	Name string          `json:"name"`
}

func viewOf(m chat.Message) messageView {
	return messageView{Seq: m.Seq, ClientID: m.ClientID, Sender: senderView{m.Sender.Kind, m.Sender.Name}, Kind: m.Kind,
		Body: m.Body, Data: m.Data, At: m.At, Erased: m.Kind == chat.KindErased}
}

type conversationView struct {
	ID        uuid.UUID  `json:"id"`
	State     chat.State `json:"state" enum:"bot,queued,human,closed"`
	Lang      string     `json:"lang"`
	Name      string     `json:"name"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	LastSeq   int64      `json:"last_seq"`
	AgentID   int64      `json:"agent_id" doc:"0 when no person is in charge"`
	Preview   string     `json:"preview"`
	CSAT      int        `json:"csat" doc:"1 to 5, 0 when not rated"`
}

func conversationOf(c chat.Conversation) conversationView {
	return conversationView{ID: c.ID, State: c.State, Lang: c.Lang, Name: c.ContactName, CreatedAt: c.CreatedAt,
		UpdatedAt: c.UpdatedAt, LastSeq: c.LastSeq, AgentID: c.AgentID, Preview: c.Preview, CSAT: c.CSAT}
}

type listConversationsInput struct {
	State []chat.State `query:"state" doc:"only these states"`
	Limit int          `query:"limit" default:"50" minimum:"1" maximum:"500"`
	Q     string       `query:"q" maxLength:"200" doc:"words that must all stand in one message"`
}

type conversationsOutput struct {
	Body struct {
		Items []conversationView `json:"items"`
	}
}

func (s *Server) listConversations(ctx context.Context, in *listConversationsInput) (*conversationsOutput, error) {
	p := who(ctx)
	found, err := s.visible(ctx, p, chat.Filter{States: in.State, Limit: in.Limit, Words: in.Q})
	if err != nil {
		return nil, err
	}
	out := &conversationsOutput{}
	out.Body.Items = []conversationView{}
	for _, c := range found {
		out.Body.Items = append(out.Body.Items, conversationOf(c))
	}
	return out, nil
}

// visible lists the conversations that fit the filter and that the principal may see: for an agent, what waits and what
// is theirs.
func (s *Server) visible(ctx context.Context, p auth.Principal, f chat.Filter) ([]chat.Conversation, error) {
	if p.Role != auth.Agent {
		return s.c.Log.Conversations(ctx, p.Workspace, f)
	}
	var found []chat.Conversation
	if len(f.States) == 0 || slices.Contains(f.States, chat.StateQueued) {
		waiting, err := s.c.Log.Conversations(ctx, p.Workspace, chat.Filter{States: []chat.State{chat.StateQueued}, Limit: f.Limit, Words: f.Words})
		if err != nil {
			return nil, err
		}
		found = waiting
	}
	if p.User == 0 {
		return found, nil // a key has no conversations of its own
	}
	f.AgentID = p.User
	mine, err := s.c.Log.Conversations(ctx, p.Workspace, f)
	return append(found, mine...), err
}

type conversationInput struct {
	ID uuid.UUID `path:"id"`
}

type conversationOutput struct{ Body conversationView }

func (s *Server) getConversation(ctx context.Context, in *conversationInput) (*conversationOutput, error) {
	c, err := s.readable(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &conversationOutput{Body: conversationOf(c)}, nil
}

// readable returns a conversation that the principal may read. For an agent these are the waiting ones and those they
// have or had in charge; any other is answered as if it did not exist.
func (s *Server) readable(ctx context.Context, p auth.Principal, id uuid.UUID) (chat.Conversation, error) {
	c, err := s.c.Log.Conversation(ctx, p.Workspace, id)
	mine := p.User != 0 && c.AgentID == p.User
	if err != nil || p.Role != auth.Agent || mine || c.State == chat.StateQueued {
		return c, err
	}
	records, err := s.c.Desk.Handoffs(ctx, p.Workspace, id)
	if err != nil {
		return chat.Conversation{}, err
	}
	for _, r := range records {
		if p.User != 0 && r.AgentID == p.User {
			return c, nil
		}
	}
	if guest, err := s.c.Desk.IsGuest(ctx, p.Workspace, id, p.User); err != nil || guest {
		return c, err
	}
	return chat.Conversation{}, errs.New(errs.NotFound, "there is no conversation %s", id)
}

type listMessagesInput struct {
	ID    uuid.UUID `path:"id"`
	After int64     `query:"after" minimum:"0" doc:"only messages with a higher seq"`
	Limit int       `query:"limit" default:"200" minimum:"1" maximum:"200"`
}

type messagesOutput struct {
	Body struct {
		Items []messageView `json:"items"`
	}
}

func (s *Server) listMessages(ctx context.Context, in *listMessagesInput) (*messagesOutput, error) {
	p := who(ctx)
	if _, err := s.readable(ctx, p, in.ID); err != nil {
		return nil, err
	}
	messages, err := s.c.Log.Read(ctx, p.Workspace, in.ID, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &messagesOutput{}
	out.Body.Items = []messageView{}
	for _, m := range messages {
		out.Body.Items = append(out.Body.Items, viewOf(m))
	}
	return out, nil
}

type handoffView struct {
	Reason     string          `json:"reason"`
	Summary    string          `json:"summary"`
	Confidence float64         `json:"confidence"`
	Intent     string          `json:"intent"`
	Lang       string          `json:"lang"`
	Entities   json.RawMessage `json:"entities"`
	Passages   json.RawMessage `json:"passages"`
	At         time.Time       `json:"at"`
	Agent      string          `json:"agent" doc:"name of the agent in charge, empty while waiting"`
}

type evidenceOutput struct {
	Body struct {
		Handoffs []handoffView     `json:"handoffs" doc:"newest first"`
		Turns    []bot.Explanation `json:"turns" doc:"newest first"`
	}
}

func (s *Server) evidence(ctx context.Context, in *conversationInput) (*evidenceOutput, error) {
	p := who(ctx)
	if _, err := s.readable(ctx, p, in.ID); err != nil {
		return nil, err
	}
	records, err := s.c.Desk.Handoffs(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	turns, err := s.c.Bot.Explain(ctx, p.Workspace, in.ID)
	if err != nil {
		return nil, err
	}
	slices.Reverse(turns)
	out := &evidenceOutput{}
	out.Body.Handoffs, out.Body.Turns = []handoffView{}, append([]bot.Explanation{}, turns...)
	for _, r := range records {
		out.Body.Handoffs = append(out.Body.Handoffs, handoffView{Reason: r.Reason, Summary: r.Summary,
			Confidence: r.Confidence, Intent: r.Intent, Lang: r.Lang, Entities: r.Entities, Passages: r.Passages,
			At: r.QueuedAt, Agent: r.AgentName})
	}
	slices.SortStableFunc(out.Body.Handoffs, func(a, b handoffView) int { return b.At.Compare(a.At) })
	return out, nil
}
