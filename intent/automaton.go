package intent

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// automaton finds many expressions at once. The regexp package walks each of them separately and takes a millisecond for
// a message that all tables read; here the expressions of a table become one deterministic automaton, whose states are
// built when a message first needs them, so that a message costs a few steps for each of its words.
//
// Expressions use the syntax of package regexp without assertions. They match whole words: see [border].
type automaton struct {
	progs  []*syntax.Prog // one for each label
	bounds []rune         // where each class of characters begins that no expression tells apart; the first is 0
	ascii  [utf8.RuneSelf]uint16
	start  atomic.Pointer[state]

	mu     sync.Mutex
	states map[string]*state // by their threads
}

// state is a set of threads. Its fields never change; pages fill as messages ask for them.
type state struct {
	threads []thread
	accepts uint64 // labels of the expressions that end here
	pages   []atomic.Pointer[page]
}

// page holds the next states for a run of classes. Most states see few of the thousands of characters.
type page [64]atomic.Pointer[state]

// thread is a place in the program of one label.
type thread struct{ label, pc uint32 }

// maxStates bounds the memory that messages can make an automaton take to some ten megabytes. When it is reached the
// states are forgotten, and built again as messages need them.
const maxStates = 8192

func newAutomaton(expressions []string) (*automaton, error) {
	a := &automaton{states: map[string]*state{}, bounds: []rune{0}}
	var first []thread
	for label, expr := range expressions {
		re, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			return nil, err
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			return nil, err
		}
		a.progs = append(a.progs, prog)
		a.classify(prog)
		first = a.follow(first, thread{uint32(label), uint32(prog.Start)})
	}
	slices.Sort(a.bounds)
	a.bounds = slices.Compact(a.bounds)
	for r := range a.ascii {
		a.ascii[r] = a.search(rune(r))
	}
	a.start.Store(a.intern(first))
	return a, nil
}

// classify notes where a program begins or ends to accept a character.
func (a *automaton) classify(prog *syntax.Prog) {
	for _, in := range prog.Inst {
		switch in.Op {
		case syntax.InstRune1:
			a.bounds = append(a.bounds, in.Rune[0], in.Rune[0]+1)
		case syntax.InstRune:
			for i := 0; i+1 < len(in.Rune); i += 2 {
				a.bounds = append(a.bounds, in.Rune[i], in.Rune[i+1]+1)
			}
			if len(in.Rune) == 1 {
				a.bounds = append(a.bounds, in.Rune[0], in.Rune[0]+1)
			}
		}
	}
}

// follow adds a thread, or what it leads to without reading a character.
func (a *automaton) follow(threads []thread, t thread) []thread {
	in := &a.progs[t.label].Inst[t.pc]
	switch in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return a.follow(a.follow(threads, thread{t.label, in.Out}), thread{t.label, in.Arg})
	case syntax.InstCapture, syntax.InstNop:
		return a.follow(threads, thread{t.label, in.Out})
	case syntax.InstFail, syntax.InstEmptyWidth:
		return threads
	}
	if slices.Contains(threads, t) {
		return threads
	}
	return append(threads, t)
}

// intern returns the state of a set of threads.
func (a *automaton) intern(threads []thread) *state {
	slices.SortFunc(threads, func(x, y thread) int { return int(x.label<<20|x.pc) - int(y.label<<20|y.pc) })
	key := make([]byte, 0, 8*len(threads))
	for _, t := range threads {
		key = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(key, t.label), t.pc)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s, ok := a.states[string(key)]; ok {
		return s
	}
	if len(a.states) >= maxStates {
		// Nothing leads from the new start to the old states, so that they go with the messages that are being read.
		clear(a.states)
		a.start.Store(a.newState(a.start.Load().threads))
	}
	s := a.newState(threads)
	a.states[string(key)] = s
	return s
}

func (a *automaton) newState(threads []thread) *state {
	s := &state{threads: threads, pages: make([]atomic.Pointer[page], len(a.bounds)/len(page{})+1)}
	for _, t := range threads {
		if a.progs[t.label].Inst[t.pc].Op == syntax.InstMatch {
			s.accepts |= 1 << t.label
		}
	}
	return s
}

// class returns the class of a character.
func (a *automaton) class(r rune) uint16 {
	if r < utf8.RuneSelf {
		return a.ascii[r]
	}
	return a.search(r)
}

func (a *automaton) search(r rune) uint16 {
	i, found := slices.BinarySearch(a.bounds, r)
	if !found {
		i--
	}
	return uint16(i)
}

// step returns the state after one more character; nil where nothing can match any more.
func (a *automaton) step(s *state, r rune) *state {
	class := a.class(r)
	slot := &s.pages[class/uint16(len(page{}))]
	p := slot.Load()
	if p == nil {
		slot.CompareAndSwap(nil, new(page))
		p = slot.Load()
	}
	next := p[class%uint16(len(page{}))].Load()
	if next == nil {
		next = a.build(s, r)
		p[class%uint16(len(page{}))].Store(next)
	}
	if len(next.threads) == 0 {
		return nil
	}
	return next
}

func (a *automaton) build(s *state, r rune) *state {
	var threads []thread
	for _, t := range s.threads {
		if in := &a.progs[t.label].Inst[t.pc]; in.Op != syntax.InstMatch && in.MatchRune(r) {
			threads = a.follow(threads, thread{t.label, in.Out})
		}
	}
	return a.intern(threads)
}
