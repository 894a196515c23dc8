package api

import "sync"

// mailbox holds the frames for a client that polls. What an answer carried stays until the client says that it has
// arrived, because answers get lost.
type mailbox struct {
	wake chan struct{} // holds one value when there is something new

	mu      sync.Mutex
	frames  [][]byte
	taken   int   // of frames: given out and not confirmed
	before  int64 // how many frames were confirmed before these
	bytes   int   // of frames
	resumed []func()
	closed  bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) put(frame []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed && (len(m.frames)-m.taken >= queueLength || m.bytes+len(frame) > queueBytes) {
		m.closed = true
	}
	if !m.closed {
		m.add(frame)
	}
	m.signal()
}

// add runs under the lock.
func (m *mailbox) add(frame []byte) {
	m.frames = append(m.frames, frame)
	m.bytes += len(frame)
}

func (m *mailbox) offer(frame []byte, resume func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return true // nobody waits for it
	}
	if len(m.frames)-m.taken >= historyShare || len(m.frames) > 0 && m.bytes+len(frame) > queueBytes/2 {
		m.resumed = append(m.resumed, resume)
		return false
	}
	m.add(frame)
	m.signal()
	return true
}

// close ends the session. What waits can still be taken; a poll has no place for the code, and the client learns by its
// next one that it must take a new ticket.
func (m *mailbox) close(int, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.signal()
}

// signal runs under the lock.
func (m *mailbox) signal() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// confirm forgets the frames up to the number got, counted over the whole session, and makes the others of the last
// answer available again. A client that does not count, with got below 0, has received every answer.
func (m *mailbox) confirm(got int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	arrived := m.taken
	if got >= 0 {
		arrived = int(max(0, min(got-m.before, int64(m.taken))))
	}
	for _, frame := range m.frames[:arrived] {
		m.bytes -= len(frame)
	}
	m.frames = m.frames[arrived:]
	m.before += int64(arrived)
	m.taken = 0
	if len(m.frames) > 0 {
		m.signal()
	}
}

// confirmed returns how many frames have arrived.
func (m *mailbox) confirmed() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.before
}

// take returns what waits, in order, and the number of the last of it.
func (m *mailbox) take() (frames [][]byte, upTo int64) {
	m.mu.Lock()
	frames, upTo = m.frames, m.before+int64(len(m.frames))
	m.taken = len(m.frames)
	resumed := m.resumed
	m.resumed = nil
	m.mu.Unlock()
	for _, resume := range resumed {
		resume()
	}
	return frames, upTo
}

// pending reports whether an answer need not wait.
func (m *mailbox) pending() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed || len(m.frames) > m.taken
}

// over reports whether the session has ended and everything was taken.
func (m *mailbox) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed && len(m.frames) == m.taken
}
