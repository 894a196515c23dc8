package api

import (
	"encoding/json"
	"unicode/utf8"

	"handrail/internal/errs"
)

// readFrame decodes what a client sent, by whichever door. Bytes that are no UTF-8 are refused rather than replaced, so
// that nothing is stored that its sender did not write.
func readFrame(data []byte) (in inbound, err error) {
	switch {
	case len(data) > readLimit:
		return in, errs.New(errs.TooLarge, "the frame has %d bytes, at most %d are allowed", len(data), readLimit)
	case !utf8.Valid(data):
		return in, errs.New(errs.Invalid, "the frame is not valid UTF-8")
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, errs.Wrap(err, errs.Invalid, "the frame is not a JSON object with this protocol's fields")
	}
	return in, nil
}
