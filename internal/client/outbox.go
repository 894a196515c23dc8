package client

import (
	"slices"
	"time"
)

// outbox holds what is not settled yet, by conversation. Only the first of a conversation is under way at a time: were
// the second stored while the first has to be repeated, their order would be lost.
type outbox struct {
	queues map[string][]*letter
	order  []string // conversations that have letters, in the order of their first
}

// letter is a frame on its way.
type letter struct {
	frame     outbound
	sent      time.Time // on the present connection; zero = not yet
	notBefore time.Time // the server asked to wait until then
}

func (o *outbox) add(f outbound) {
	if o.queues == nil {
		o.queues = map[string][]*letter{}
	}
	if len(o.queues[f.Conversation]) == 0 {
		o.order = append(o.order, f.Conversation)
	}
	o.queues[f.Conversation] = append(o.queues[f.Conversation], &letter{frame: f})
}

// due returns the frames to send now and takes them for sent.
func (o *outbox) due(now time.Time) (frames []outbound) {
	for _, c := range o.order {
		first := o.queues[c][0]
		if first.sent.IsZero() && !now.Before(first.notBefore) {
			first.sent = now
			frames = append(frames, first.frame)
		}
	}
	return frames
}

// settle removes a letter that needs no repetition any more, and reports whether it was there.
func (o *outbox) settle(clientID string) bool {
	for c, queue := range o.queues {
		for i, l := range queue {
			if l.frame.ClientID != clientID {
				continue
			}
			o.queues[c] = slices.Delete(queue, i, i+1)
			if len(o.queues[c]) == 0 {
				delete(o.queues, c)
				o.order = slices.DeleteFunc(o.order, func(id string) bool { return id == c })
			}
			return true
		}
	}
	return false
}

// postpone has a letter sent again after a while.
func (o *outbox) postpone(clientID string, until time.Time) {
	for _, queue := range o.queues {
		for _, l := range queue {
			if l.frame.ClientID == clientID {
				l.sent, l.notBefore = time.Time{}, until
			}
		}
	}
}

// disconnect forgets what was sent: the next connection sends it again.
func (o *outbox) disconnect() {
	for _, queue := range o.queues {
		queue[0].sent = time.Time{}
	}
}

// overdue reports whether something has been under way since before the given moment.
func (o *outbox) overdue(before time.Time) bool {
	for _, queue := range o.queues {
		if s := queue[0].sent; !s.IsZero() && s.Before(before) {
			return true
		}
	}
	return false
}

func (o *outbox) size() (n int) {
	for _, queue := range o.queues {
		n += len(queue)
	}
	return n
}
