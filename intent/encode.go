package intent

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"math"
	"sync"
)

// The stored form of a model is a flate stream of little-endian values, in the order of [Model.MarshalBinary]. It
// starts with the fingerprint of the code that made it.

// errStale means that a stored model was made by other features than this program computes. Its catalog is still good.
var errStale = errors.New("the model was trained by another version of the program")

// fingerprint changes whenever the features of a text change, and with them the meaning of every weight. It is
// computed from the features of a text that exercises all of them, so that nobody has to remember to raise a number.
var fingerprint = sync.OnceValue(func() uint64 {
	const layout = 2 // raise it when MarshalBinary changes
	fs, words := features("Where's my parcel №4711? It hasn't arrived… RÉSUMÉ ＡＢＣ 我的快递到哪里了？" +
		"ありがとう 배송 Straße " + conceptLines)
	h := combine(0, layout, uint64(words))
	for _, e := range emphasis {
		h = combine(0, h, uint64(math.Float32bits(e)))
	}
	for _, f := range fs {
		h = combine(f.kind, h, f.hash)
	}
	return h
})

// MarshalBinary encodes the model. The same model always gives the same bytes.
func (m *Model) MarshalBinary() ([]byte, error) {
	var out bytes.Buffer
	z, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("encode the model: %w", err)
	}
	w := encoder{w: z}
	w.value(fingerprint())
	w.head(&m.head)
	w.value(m.joined != nil)
	if m.joined != nil {
		w.text(m.embedder)
		w.head(m.joined)
	}
	if w.err == nil {
		w.err = z.Close()
	}
	return out.Bytes(), w.err
}

// UnmarshalBinary decodes a model made by [Model.MarshalBinary].
func (m *Model) UnmarshalBinary(b []byte) error {
	r := decoder{r: flate.NewReader(bytes.NewReader(b))}
	var made uint64
	r.value(&made)
	if r.err == nil && made != fingerprint() {
		return errStale
	}
	r.head(&m.head)
	var joined bool
	r.value(&joined)
	if joined {
		m.embedder, m.joined = r.text(), &head{}
		r.head(m.joined)
	}
	if r.err != nil {
		return fmt.Errorf("decode the model: %w", r.err)
	}
	return nil
}
