package sim

import "container/heap"

// eventKind is what happens. At the same moment, lower ones happen first: who leaves makes room for who comes.
type eventKind int

const (
	shiftEnds eventKind = iota
	talkEnds
	shiftBegins
	arrives
	givesUp
)

// event is something that happens at a moment, in seconds after the start.
type event struct {
	at   float64
	kind eventKind
	n    int // who: place of the agent or of the visitor
	seq  int // order of planning, which makes the order of all events certain
}

// events are planned events, the next on top.
type events struct {
	list    []event
	planned int
}

func (e *events) plan(at float64, kind eventKind, n int) {
	e.planned++
	heap.Push(e, event{at, kind, n, e.planned})
}

func (e *events) next() event { return heap.Pop(e).(event) }

// Len, Less, Swap, Push and Pop are heap.Interface.
func (e *events) Len() int { return len(e.list) }

// Less orders by time, kind and planning.
func (e *events) Less(i, j int) bool {
	a, b := e.list[i], e.list[j]
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.kind != b.kind:
		return a.kind < b.kind
	}
	return a.seq < b.seq
}

// Swap exchanges two events.
func (e *events) Swap(i, j int) { e.list[i], e.list[j] = e.list[j], e.list[i] }

// Push adds an event at the end.
func (e *events) Push(x any) { e.list = append(e.list, x.(event)) }

// Pop removes the last event.
func (e *events) Pop() any {
	last := e.list[len(e.list)-1]
	e.list = e.list[:len(e.list)-1]
	return last
}
