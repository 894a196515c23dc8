package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"
)

// usageGrace is how long the token counts are waited for once the answer itself is complete.
const usageGrace = 2 * time.Second

// errForeign reports an answer that is a call of tools, though none were offered.
var errForeign = errors.New("the model called a tool that it was not given")

// answer is one stream under way, from the request to the finish reason. It is used by one goroutine.
type answer struct {
	endpoint *endpoint
	ctx      context.Context
	cancel   context.CancelCauseFunc
	stream   *openai.ChatCompletionStream
	timer    *time.Timer // cancels ctx with errIdle
	idle     time.Duration

	next   Delta // read but not yet delivered
	size   int   // bytes of text so far
	finish string
	usage  *Usage
}

// startAnswer is one attempt: it returns once the first text is there, so that everything that fails earlier can be
// tried again without the visitor having seen anything.
func startAnswer(
	ctx context.Context, e *endpoint, r openai.ChatCompletionRequest, idle time.Duration,
) (*answer, error) {
	ctx, cancel := context.WithCancelCause(withNote(ctx))
	a := &answer{endpoint: e, ctx: ctx, cancel: cancel, idle: idle}
	a.timer = time.AfterFunc(idle, func() { cancel(errIdle) })
	var err error
	if a.stream, err = e.client.CreateChatCompletionStream(ctx, r); err != nil {
		a.stream = nil
	} else {
		a.next, err = a.read()
	}
	if err != nil {
		f := e.explain(ctx, err)
		e.settle(f)
		a.close()
		return nil, f
	}
	return a, nil
}

// deliver hands the answer on until it ends, fails, or is no longer wanted. The time that the receiver takes does not
// count as silence of the endpoint.
func (a *answer) deliver(yield func(Delta, error) bool) {
	for {
		a.timer.Stop()
		if a.next.Finish != "" {
			a.endpoint.settle(nil)
			yield(a.next, nil)
			return
		}
		if !yield(a.next, nil) {
			a.endpoint.settle(nil)
			return
		}
		a.timer.Reset(a.patience())
		var err error
		if a.next, err = a.read(); err != nil {
			f := a.endpoint.explain(a.ctx, err)
			a.endpoint.settle(f)
			yield(Delta{}, f.err)
			return
		}
	}
}

// read returns the next text, or the last delta with the finish reason.
func (a *answer) read() (Delta, error) {
	for {
		chunk, err := a.stream.Recv()
		if err != nil {
			return a.end(err)
		}
		text, err := a.take(chunk)
		if err != nil {
			return Delta{}, err
		}
		if text != "" {
			return Delta{Text: text}, nil
		}
	}
}

// take notes what the chunk says and returns its text. The chunk with the usage has no choices, and so have frames
// that the library did not recognise as errors; only a chunk with a choice is a sign of life.
func (a *answer) take(chunk openai.ChatCompletionStreamResponse) (string, error) {
	if u := chunk.Usage; u != nil {
		a.usage = &Usage{Prompt: u.PromptTokens, Completion: u.CompletionTokens}
	}
	if len(chunk.Choices) == 0 || a.finish != "" {
		return "", nil
	}
	choice := chunk.Choices[0]
	a.finish = string(choice.FinishReason)
	a.timer.Reset(a.patience())
	// PostgreSQL stores no NUL, and no text needs one.
	text := strings.ReplaceAll(choice.Delta.Content, "\x00", "")
	if a.size += len(text); a.size > maxText {
		return "", errTooLong
	}
	return text, nil
}

// end decides whether the stream may end here. The library reports a cut connection and a good end alike, so the
// finish reason alone tells them apart; once it is there, nothing that follows can spoil the answer.
func (a *answer) end(err error) (Delta, error) {
	switch {
	case a.finish == "" && errors.Is(err, io.EOF):
		return Delta{}, fmt.Errorf("the stream ended without a finish reason: %w", io.ErrUnexpectedEOF)
	case a.finish == "":
		return Delta{}, err
	case a.finish == "tool_calls" || a.finish == "function_call":
		return Delta{}, errForeign
	case a.size == 0 && a.finish == FinishStop:
		return Delta{}, errors.New("the answer is empty")
	}
	return Delta{Usage: a.usage, Finish: a.finish}, nil
}

func (a *answer) patience() time.Duration {
	if a.finish != "" {
		return min(usageGrace, a.idle)
	}
	return a.idle
}

// close ends the call and everything that serves it.
func (a *answer) close() {
	a.timer.Stop()
	a.cancel(context.Canceled)
	if a.stream != nil {
		_ = a.stream.Close() // the connection is given up; nothing depends on how
	}
}
