package llm

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/internal/errs"
)

// ErrIncomplete reports an answer without its end: the connection was cut, or the model was stopped by a limit or a
// filter. What was received so far must not be shown as an answer.
var ErrIncomplete = errors.New("the model's answer is incomplete")

// Complete collects the whole answer to r. Its error wraps [ErrIncomplete] unless the model ended of its own accord
// ([FinishStop]) and, where r has a JSON schema, the answer satisfies it; the text is then empty.
func Complete(ctx context.Context, m Model, r Request) (string, Usage, error) {
	check, err := checker(r.JSONSchema)
	if err != nil {
		return "", Usage{}, err
	}
	var text strings.Builder
	var last Delta
	for d, err := range m.Stream(ctx, r) {
		if err != nil {
			return "", Usage{}, err
		}
		text.WriteString(d.Text)
		last = d
	}
	var usage Usage
	if last.Usage != nil {
		usage = *last.Usage
	}
	if last.Finish != FinishStop {
		return "", usage, incomplete(nil, "finish reason "+last.Finish)
	}
	if err := check(text.String()); err != nil {
		return "", usage, incomplete(err, "it is not the JSON that was asked for")
	}
	return text.String(), usage, nil
}

// checker returns the test that an answer must pass: none, or the JSON schema.
func checker(schema []byte) (func(string) error, error) {
	if len(schema) == 0 {
		return func(string) error { return nil }, nil
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "the JSON schema of the request is not JSON")
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("request.json", doc); err != nil {
		return nil, errs.Wrap(err, errs.Internal, "the JSON schema of the request is not usable")
	}
	compiled, err := c.Compile("request.json")
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "the JSON schema of the request is not valid")
	}
	return func(answer string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(answer))
		if err != nil {
			return err
		}
		return compiled.Validate(value)
	}, nil
}

// incomplete wraps cause, which may be nil, as an error of kind [errs.Unavailable] that is an [ErrIncomplete].
func incomplete(cause error, why string) error {
	return errs.Wrap(errors.Join(ErrIncomplete, cause), errs.Unavailable, "the model's answer broke off: %s", why)
}
