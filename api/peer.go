package api

// peer is where the hub puts what one client is to receive: a WebSocket, or the mailbox of a client that polls.
type peer interface {
	// put queues a frame. A client that does not keep up is closed: it resumes by its cursor when it can.
	put(frame []byte)
	// offer queues a frame of the history unless too many wait already. Then it returns false, and resume is called, by
	// another goroutine, when the client has taken what waited.
	offer(frame []byte, resume func()) bool
	// close ends the connection once, with a close code of the protocol; the first reason wins.
	close(code int, text string)
}
