// Package errs names the few kinds of failure that callers may act upon.
//
// An [Error] carries two texts: Message is written for the person who caused the failure and may be shown to anyone;
// the wrapped cause is for operators and goes to logs only. Package api maps kinds to HTTP statuses in one place, so
// no other package knows a status number.
package errs

import (
	"errors"
	"fmt"
)

// Kind classifies a failure by what the caller can do about it.
type Kind string

// The kinds, with what the caller should do.
const (
	Internal        Kind = "internal"        // nothing: a defect or an outage; the cause is in the log
	Invalid         Kind = "invalid"         // correct the request
	Unauthenticated Kind = "unauthenticated" // sign in, or send a valid key
	Forbidden       Kind = "forbidden"       // ask for the permission
	NotFound        Kind = "not_found"       // check the identifier
	Conflict        Kind = "conflict"        // read the current state and decide again
	TooLarge        Kind = "too_large"       // send less
	RateLimited     Kind = "rate_limited"    // wait, then retry
	Unavailable     Kind = "unavailable"     // retry: something this server depends on is down
	Unsupported     Kind = "unsupported"     // use a supported format or feature
)

// Error is a failure of a known kind with a text fit for the person who caused it.
type Error struct {
	Kind    Kind
	Message string // public
	Err     error  // cause, for operators; may be nil
}

// New returns an error of the given kind. The formatted text is public: name what is wrong and what to do.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error of the given kind that keeps cause for the operators. The formatted text is public.
func Wrap(cause error, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: cause}
}

// Error returns the public text followed by the cause; it is meant for logs.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first [Error] in err's chain, or [Internal] where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Public returns the text that may be shown to anyone: the message of the first [Error] in the chain, or a neutral
// sentence where there is none.
func Public(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "Something went wrong on our side. Please try again."
}
