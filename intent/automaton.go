package intent

import (
	"encoding/binary"
	"math/bits"
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
	"unicode"
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
	start  *state

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

// maxMatch is how many bytes a match may span. Without it an expression that repeats would read a hostile message to
// its end from every word of it.
const maxMatch = 512

// maxStates bounds the memory that messages can make an automaton take to a few megabytes. Beyond it states are built
// anew each time, which is slow and still right.
const maxStates = 4096

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
	a.start = a.intern(first)
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
	s := &state{threads: threads, pages: make([]atomic.Pointer[page], len(a.bounds)/len(page{})+1)}
	for _, t := range threads {
		if a.progs[t.label].Inst[t.pc].Op == syntax.InstMatch {
			s.accepts |= 1 << t.label
		}
	}
	if len(a.states) < maxStates {
		a.states[string(key)] = s
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

// match is what begins at one place of a text.
type match struct {
	any     uint64 // labels of all expressions that match here
	longest uint64 // labels of the longest match
	end     int    // of the longest match, in bytes
}

// at returns what matches s from byte i on. The end of a match is a [border].
func (a *automaton) at(s string, i int) match {
	var m match
	state := a.start
	for limit := min(len(s), i+maxMatch); i < limit; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if state = a.step(state, r); state == nil {
			break
		}
		i += size
		if state.accepts != 0 && border(s, i) {
			m.any |= state.accepts
			m.longest, m.end = state.accepts, i
		}
	}
	return m
}

// ends notes in to, for every label, the end of its longest match from byte i on, and returns the labels that match.
func (a *automaton) ends(s string, i int, to []int) uint64 {
	var labels uint64
	state := a.start
	for limit := min(len(s), i+maxMatch); i < limit; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if state = a.step(state, r); state == nil {
			break
		}
		i += size
		if state.accepts == 0 || !border(s, i) {
			continue
		}
		labels |= state.accepts
		for rest := state.accepts; rest != 0; rest &= rest - 1 {
			to[lowest(rest)] = i
		}
	}
	return labels
}

// endOf returns the end of the longest match of some labels from byte i on, or i.
func (a *automaton) endOf(s string, i int, labels uint64) int {
	end := i
	state := a.start
	for limit := min(len(s), i+maxMatch); i < limit; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if state = a.step(state, r); state == nil {
			break
		}
		i += size
		if state.accepts&labels != 0 && border(s, i) {
			end = i
		}
	}
	return end
}

// lowest returns the first label of a set.
func lowest(labels uint64) int { return bits.TrailingZeros64(labels) }

// border reports whether a word may begin or end at byte i. Scripts that write words without spaces, or glue particles
// to them, have a border everywhere.
func border(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	return !spaced(before) || !spaced(after)
}

// spaced reports whether a character belongs to a script that puts spaces between words.
func spaced(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return r < 0x700 && unicode.IsLetter(r)
}
