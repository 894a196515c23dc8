package handoff_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"handrail/handoff"
	"handrail/handoff/routing"
	"handrail/internal/chat"
	"handrail/internal/errs"
)

func (w *world) save(text, note string) handoff.RulesVersion {
	w.t.Helper()
	w.groups("first", "second", "orders", "default", "a", "b", "all", "after-sales")
	rules, problems, err := w.CheckRules(w.t.Context(), w.ws, []byte(text))
	require.NoError(w.t, err)
	require.Empty(w.t, problems)
	v, err := w.SaveRules(w.t.Context(), w.ws, "user:1", rules, note)
	require.NoError(w.t, err)
	return v
}

// groups makes those that are not there yet.
func (w *world) groups(names ...string) {
	w.t.Helper()
	list, err := w.Groups(w.t.Context(), w.ws)
	require.NoError(w.t, err)
	for _, name := range names {
		if !slices.ContainsFunc(list, func(g handoff.Group) bool { return g.Name == name }) {
			_, err := w.SaveGroup(w.t.Context(), w.ws, "cli", handoff.Group{Name: name, Policy: routing.LeastLoaded})
			require.NoError(w.t, err)
		}
	}
}

// say appends visitor's texts.
func (w *world) say(id uuid.UUID, texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		_, err := w.log.Append(w.t.Context(), w.ws, id, chat.Entry{ClientID: uuid.New(), Epoch: -1, Body: text,
			Sender: chat.Sender{Kind: chat.Visitor, ID: w.contact.String()}})
		require.NoError(w.t, err)
	}
}

// route asks the rules of one node what to do with a conversation.
func (w *world) route(d *handoff.Desk, id uuid.UUID, h chat.Handoff) (r routing.Route) {
	w.t.Helper()
	c := w.get(id)
	require.NoError(w.t, w.db.InTx(w.t.Context(), w.ws, func(tx pgx.Tx) (err error) {
		r, err = handoff.Route(d, w.t.Context(), tx, &c, h, time.Now())
		return err
	}))
	return r
}

func TestRulesFollowTheActiveVersionOnEveryNodeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, other := w.node()
	id := w.conversation()
	h := chat.Handoff{Reason: "anger", Intent: "refund", Lang: "zh"}
	ask := func() []string {
		return []string{w.route(w.Desk, id, h).Group, w.route(other, id, h).Group}
	}
	require.Equal(t, []string{"", ""}, ask(), "without rules")

	first := w.save(`{"routing_rules":[{"condition":"intent == 'refund'","action":"assign_to_group('first')"}]}`, "one")
	require.Equal(t, []string{"", ""}, ask(), "stored is not active")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "user:1", first.Version))
	require.Equal(t, []string{"first", "first"}, ask())

	second := w.save(`{"routing_rules":[{"condition":"sentiment == 'angry'","action":"assign_to_group('second')"}]}`, "two")
	require.NoError(t, other.ActivateRules(t.Context(), w.ws, "user:1", second.Version))
	require.Equal(t, []string{"second", "second"}, ask())
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "user:2", first.Version))
	require.Equal(t, []string{"first", "first"}, ask(), "rolled back")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "user:2", 0))
	require.Equal(t, []string{"", ""}, ask(), "switched off")

	err := w.ActivateRules(t.Context(), w.ws, "user:1", 3)
	require.True(t, errs.Is(err, errs.NotFound), "%v", err)
	versions, err := w.RulesVersions(t.Context(), w.ws)
	require.NoError(t, err)
	require.Len(t, versions, 2)
	require.Equal(t, handoff.RulesVersion{Version: 2, CreatedAt: versions[0].CreatedAt, By: "user:1", Note: "two", Count: 1},
		versions[0])
	require.Equal(t, []string{"routing.activate", "routing.activate", "routing.activate", "routing.activate", "routing.save",
		"routing.save"}, query[[]string](w, `
		SELECT array_agg(action ORDER BY action) FROM audit_log WHERE workspace_id = $1 AND action LIKE 'routing.%'`, w.ws))
}

func TestRulesSeeTheConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kim := w.user("Kim", "agent")
	email := query[string](w, `SELECT email FROM users WHERE workspace_id = $1 AND id = $2`, w.ws, kim)
	v := w.save(`
routing_rules:
- {keywords: [退款], condition: "messages == 2 && contact.name == 'Ada'", action: "assign_to_agent('`+email+`')"}
- {condition: "entities.exists(e, e.kind == 'order_number')", action: "assign_to_group('orders'); set_priority(2)"}
- {condition: "language == 'en' && confidence < 0.5 && reason == 'low_confidence'", action: "round_robin('default')"}
`, "")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "cli", v.Version))
	id := w.conversation()
	h := chat.Handoff{Reason: "low_confidence", Confidence: 0.3}
	require.Equal(t, routing.Route{Group: "default", Policy: routing.RoundRobin, Rule: 3}, w.route(w.Desk, id, h))

	withOrder := h
	withOrder.Entities = []byte(`[{"kind":"order_number","value":"A1","text":"#A1"}]`)
	require.Equal(t, routing.Route{Group: "orders", Priority: 2, Rule: 2}, w.route(w.Desk, id, withOrder))

	w.say(id, "我要退款", "转人工")
	require.Equal(t, routing.Route{Agent: kim, Email: email, Rule: 1}, w.route(w.Desk, id, h))
	h.TurnSeq = 1
	require.Equal(t, 3, w.route(w.Desk, id, h).Rule, "what came after the handoff's turn does not count")

	w.exec(`UPDATE users SET disabled_at = now() WHERE workspace_id = $1 AND id = $2`, w.ws, kim)
	h.TurnSeq = 2
	require.Zero(t, w.route(w.Desk, id, h).Agent, "somebody who has left")
}

func TestRulesSeeTheContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.save(`{"routing_rules":[
		{"condition":"user_level == 'VIP' && verified && hour == int(expected_hour)","action":"assign_to_group('first')"},
		{"condition":"page.path == '/pay'","action":"assign_to_group('second')"}]}`, "")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "cli", v.Version))
	hour := time.Now().In(time.FixedZone("UTC+14", 14*3600)).Hour()
	c, err := w.log.CreateContact(t.Context(), w.ws, chat.Contact{Timezone: "Pacific/Kiritimati", Verified: true,
		Attributes: fmt.Appendf(nil, `{"user_level":"VIP","expected_hour":%d,"name":"forged"}`, hour)}, nil)
	require.NoError(t, err)
	conversation, err := w.log.StartConversation(t.Context(), w.ws, chat.NewConversation{Contact: c.ID, PageURL: "https://a.example/pay"})
	require.NoError(t, err)
	h := chat.Handoff{Reason: "no_answer"}
	require.Equal(t, "first", w.route(w.Desk, conversation.ID, h).Group)

	c.Verified = false
	require.NoError(t, w.log.UpdateContact(t.Context(), w.ws, c))
	id := conversation.ID
	require.NoError(t, w.enqueue(id, h))
	queue, err := w.Queue(t.Context(), w.ws)
	require.NoError(t, err)
	require.Equal(t, "second", queue[0].Group, "the page of a conversation in a decision is known")
	visits, err := w.Visits(t.Context(), w.ws, 0)
	require.NoError(t, err)
	require.Equal(t, "https://a.example/pay", visits[0].Facts.Page)
	require.Equal(t, "VIP", visits[0].Facts.Attributes["user_level"])
	require.Empty(t, visits[0].Facts.Attributes["name"], "attributes do not take the place of the name")
}

func TestAFailingRuleDoesNotKeepAConversationFromPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.save(`{"routing_rules":[{"condition":"contact.name > 3","action":"assign_to_group('a')"},
		{"condition":"true","action":"assign_to_group('b')"}]}`, "")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "cli", v.Version))
	require.Equal(t, "b", w.route(w.Desk, w.conversation(), chat.Handoff{Reason: "anger"}).Group)

	// Rules that cannot be compiled any more are as good as none.
	w.exec(`UPDATE routing_versions SET active = false WHERE workspace_id = $1`, w.ws)
	w.exec(`
		INSERT INTO routing_versions (workspace_id, version, rules, count, note, actor, active)
		VALUES ($1, 9, '[{"condition": "(", "action": ""}]', 1, '', '', true)`, w.ws)
	require.Zero(t, w.route(w.Desk, w.conversation(), chat.Handoff{Reason: "anger"}))
}

func TestRulesAreCheckedAgainstTheStaff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, problems, err := w.CheckRules(t.Context(), w.ws,
		[]byte(`{"routing_rules":[{"condition":"vip","action":"assign_to_agent('nobody@example.com')"}]}`))
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, "no agent")

	rules := []byte(`{"routing_rules":[{"condition":"vip","action":"assign_to_group('premium')"}]}`)
	_, problems, err = w.CheckRules(t.Context(), w.ws, rules)
	require.NoError(t, err)
	require.Empty(t, problems, "rules may be written before groups")
	w.groups("sales")
	_, problems, err = w.CheckRules(t.Context(), w.ws, rules)
	require.NoError(t, err)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, `no group "premium"`)
}

func TestTrialOnPastHandoffs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.save(`{"routing_rules":[{"condition":"true","action":"assign_to_group('all')"}]}`, "")
	require.NoError(t, w.ActivateRules(t.Context(), w.ws, "cli", v.Version))
	var ids []uuid.UUID
	for i, text := range []string{"我要退款", "where is my parcel", "退款怎么还没到"} {
		id := w.conversation()
		w.say(id, text)
		require.NoError(t, w.enqueue(id, chat.Handoff{Reason: "no_answer", TurnSeq: 1, Priority: i}))
		ids = append(ids, id)
	}
	rules, err := routing.Parse([]byte(`{"routing_rules":[{"keywords":["退款"],"action":"assign_to_group('after-sales')"},
		{"condition":"true","action":"assign_to_group('all')"}]}`))
	require.NoError(t, err)
	trial, err := w.TryRules(t.Context(), w.ws, rules, 0)
	require.NoError(t, err)
	require.Equal(t, 3, trial.Tried)
	require.Zero(t, trial.Failed)
	require.Len(t, trial.Changes, 2, "another number of the same route is no change")
	change := trial.Changes[0]
	require.Equal(t, handoff.TrialChange{Conversation: ids[2], At: change.At, Reason: "no_answer", Text: "退款怎么还没到",
		Before: routing.Route{Group: "all", Rule: 1}, After: routing.Route{Group: "after-sales", Rule: 1}}, change)
	require.Equal(t, ids[0], trial.Changes[1].Conversation)

	trial, err = w.TryRules(t.Context(), w.ws, rules, 1)
	require.NoError(t, err)
	require.Equal(t, 1, trial.Tried)
}
