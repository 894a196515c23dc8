package chat

import (
	"slices"

	"handrail/internal/errs"
)

// State says who answers in a conversation.
type State string

// The states. The package comment shows how they follow each other.
const (
	StateBot    State = "bot"
	StateQueued State = "queued" // waits for a person
	StateHuman  State = "human"
	StateClosed State = "closed"
)

// move checks the step from state a to state b. It is the one place that knows the legal transitions.
func move(from, to State) error {
	next := map[State][]State{
		StateBot:    {StateQueued, StateClosed},
		StateQueued: {StateHuman, StateBot, StateClosed},
		StateHuman:  {StateQueued, StateBot, StateClosed},
		StateClosed: {StateBot},
	}
	if from == to || slices.Contains(next[from], to) {
		return nil
	}
	return errs.New(errs.Conflict, "a conversation that is %q cannot become %q", from, to)
}
