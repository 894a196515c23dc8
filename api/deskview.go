package api

import (
	"time"

	"github.com/google/uuid"

	"handrail/handoff"
	"handrail/internal/auth"
	"handrail/internal/chat"
)

// reasonOutOfHours is shown as the reason of what came while the desk was closed.
const reasonOutOfHours = "out_of_hours"

// hoursView tells a visitor that nobody is there.
type hoursView struct {
	Open         bool       `json:"open"`
	OpensAt      *time.Time `json:"opens_at,omitempty"`
	LeaveMessage bool       `json:"leave_message"`
}

func hoursOf(p handoff.Place) *hoursView {
	if !p.Closed {
		return nil
	}
	return &hoursView{OpensAt: p.OpensAt, LeaveMessage: true}
}

type offerView struct {
	Conversation uuid.UUID `json:"conversation"`
	Since        time.Time `json:"since"`
	ExpiresAt    time.Time `json:"expires_at"`
	Reason       string    `json:"reason"`
	Priority     int       `json:"priority"`
	Preview      string    `json:"preview"`
	Lang         string    `json:"lang"`
	Name         string    `json:"name"`
	Group        string    `json:"group"`
}

type alertView struct {
	Conversation uuid.UUID `json:"conversation"`
	Kind         string    `json:"kind"` // first_response or waiting
	Since        time.Time `json:"since"`
	Level        int       `json:"level"`
}

func waitingOf(queue []handoff.Waiting, board handoff.Board) []waitingView {
	list := make([]waitingView, len(queue))
	for i, w := range queue {
		mark := board.Marks[w.Conversation]
		list[i] = waitingView{Conversation: w.Conversation, Since: w.Since, Reason: reasonOf(w, mark), Priority: w.Priority,
			Preview: w.Preview, Lang: w.Lang, Name: w.Name, Group: w.Group, DueAt: mark.DueAt}
	}
	return list
}

func reasonOf(w handoff.Waiting, mark handoff.Mark) string {
	if mark.OutOfHours {
		return reasonOutOfHours
	}
	return w.Reason
}

func mineOf(c chat.Conversation, mark handoff.Mark, guest bool) mineView {
	return mineView{Conversation: c.ID, State: c.State, Since: c.UpdatedAt, Preview: c.Preview, Lang: c.Lang,
		Name: c.ContactName, LastSeq: c.LastSeq, Unread: mark.Unread, DueAt: mark.DueAt, Guest: guest}
}

// offersTo lists what an agent may accept, as the queue describes it.
func offersTo(user int64, queue []handoff.Waiting, board handoff.Board) []offerView {
	list := []offerView{}
	for _, o := range board.Offers {
		for _, w := range queue {
			if o.Agent == user && w.Conversation == o.Conversation {
				list = append(list, offerView{Conversation: o.Conversation, Since: o.Since, ExpiresAt: o.ExpiresAt,
					Reason: reasonOf(w, board.Marks[o.Conversation]), Priority: w.Priority, Preview: w.Preview, Lang: w.Lang,
					Name: w.Name, Group: w.Group})
			}
		}
	}
	return list
}

func alertsFor(me auth.Principal, board handoff.Board) []alertView {
	list := []alertView{}
	for _, a := range board.Alerts {
		if a.For(me.User, me.Role == auth.Admin) {
			list = append(list, alertView{Conversation: a.Conversation, Kind: a.Kind, Since: a.Since, Level: a.Level})
		}
	}
	return list
}
