package intent

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
	fs, words := features("Where's my parcel №4711? It hasn't arrived… RÉSUMÉ ＡＢＣ 我的快递到哪里了？ありがとう 배송 Straße " + conceptLines)
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
	w.value(m.temperature)
	w.value(m.outOfScope.bias)
	w.value(m.outOfScope.weights)
	w.value(m.classifier.outOfScope)
	w.value(uint32(len(m.names)))
	for _, name := range m.names {
		w.value(uint32(len(name)))
		w.value([]byte(name))
	}
	w.value(uint32(len(m.vocabulary.hashes)))
	w.value(m.vocabulary.hashes)
	w.value(m.vocabulary.weights)
	w.value(m.weights.values)
	w.value(m.weights.scales)
	w.value(m.weights.packed)
	w.value(m.seen.bits)
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
	r.value(&m.temperature)
	r.value(&m.outOfScope.bias)
	r.value(&m.outOfScope.weights)
	r.value(&m.classifier.outOfScope)
	m.names = make([]string, r.length(math.MaxUint16))
	for i := range m.names {
		name := make([]byte, r.length(math.MaxUint16))
		r.value(name)
		m.names[i] = string(name)
	}
	m.weights.columns = len(m.names)
	if m.classifier.outOfScope {
		m.weights.columns++
	}
	r.vocabulary(m)
	if r.err != nil {
		return fmt.Errorf("decode the model: %w", r.err)
	}
	return nil
}

// vocabulary reads the parts whose size depends on the number of features.
func (r *decoder) vocabulary(m *Model) {
	const most = 1 << 24
	rows := r.length(most)
	if r.err == nil && rows*m.weights.columns > 1<<30 {
		r.err = errors.New("too many weights")
	}
	if r.err != nil {
		return
	}
	v := &vocabulary{hashes: make([]uint64, rows), weights: make([]float32, rows), ids: make(map[uint64]int32, rows)}
	r.value(v.hashes)
	r.value(v.weights)
	for i, h := range v.hashes {
		v.ids[h] = int32(i)
	}
	m.vocabulary = v
	m.weights.values = make([]float32, m.weights.columns)
	m.weights.scales = make([]float32, rows)
	m.weights.packed = make([]int8, rows*m.weights.columns)
	r.value(m.weights.values)
	r.value(m.weights.scales)
	r.value(m.weights.packed)
	m.seen = table{width: tableWidth(m.weights.columns)}
	m.seen.bits = make([]uint64, rows*m.seen.width)
	r.value(m.seen.bits)
}

// encoder writes values until the first error.
type encoder struct {
	w   io.Writer
	err error
}

func (e *encoder) value(v any) {
	if e.err == nil {
		e.err = binary.Write(e.w, binary.LittleEndian, v)
	}
}

// decoder reads values until the first error.
type decoder struct {
	r   io.Reader
	err error
}

func (d *decoder) value(v any) {
	if d.err == nil {
		d.err = binary.Read(d.r, binary.LittleEndian, v)
	}
}

// length reads a length and refuses one above most, which only a damaged row can hold.
func (d *decoder) length(most uint32) int {
	var n uint32
	d.value(&n)
	if d.err == nil && n > most {
		d.err = fmt.Errorf("length %d is out of range", n)
	}
	if d.err != nil {
		return 0
	}
	return int(n)
}
