package intent

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// most bounds the features of a stored model, and mostWeights its weights: only a damaged row has more.
const (
	most        = 1 << 24
	mostWeights = 1 << 30
)

func (e *encoder) head(h *head) {
	e.value(h.temperature)
	e.value(h.outOfScope.bias)
	e.value(h.outOfScope.weights)
	e.value(h.classifier.outOfScope)
	e.value(uint32(len(h.names)))
	for _, name := range h.names {
		e.text(name)
	}
	e.value(uint32(len(h.vocabulary.hashes)))
	e.value(h.vocabulary.hashes)
	e.value(h.vocabulary.weights)
	e.value(h.seen.bits)
	e.value(uint32(len(h.dense.mean)))
	e.value(h.dense.mean)
	e.value(uint32(len(h.dense.labels)))
	e.value(h.dense.labels)
	e.value(h.dense.near)
	e.value(h.weights.values)
	e.value(h.weights.scales)
	e.value(h.weights.packed)
}

func (d *decoder) head(h *head) {
	d.value(&h.temperature)
	d.value(&h.outOfScope.bias)
	d.value(&h.outOfScope.weights)
	d.value(&h.classifier.outOfScope)
	h.names = make([]string, d.length(math.MaxUint16))
	for i := range h.names {
		h.names[i] = d.text()
	}
	h.weights.columns = len(h.names)
	if h.classifier.outOfScope {
		h.weights.columns++
	}
	d.vocabulary(h)
	d.dense(&h.dense, h.weights.columns)
	d.weights(&h.weights, len(h.vocabulary.hashes)+len(h.dense.mean))
}

func (d *decoder) vocabulary(h *head) {
	rows := d.length(most)
	v := &vocabulary{hashes: make([]uint64, rows), weights: make([]float32, rows), ids: make(map[uint64]int32, rows)}
	d.value(v.hashes)
	d.value(v.weights)
	for i, id := range v.hashes {
		v.ids[id] = int32(i)
	}
	h.vocabulary = v
	h.seen = holdings{width: tableWidth(h.weights.columns)}
	h.seen.bits = make([]uint64, rows*h.seen.width)
	d.value(h.seen.bits)
}

func (d *decoder) dense(v *dense, classes int) {
	v.mean = make([]float32, d.length(math.MaxUint16))
	d.value(v.mean)
	v.labels = make([]int32, d.length(nearest*math.MaxUint16))
	d.value(v.labels)
	for _, label := range v.labels {
		if d.err == nil && (label < 0 || int(label) >= classes) {
			d.err = fmt.Errorf("there is no class %d", label)
		}
	}
	if d.fits(len(v.labels), len(v.mean)) {
		v.near = make([]int8, len(v.labels)*len(v.mean))
	}
	d.value(v.near)
}

func (d *decoder) weights(m *matrix, rows int) {
	if !d.fits(rows, m.columns) {
		return
	}
	m.values = make([]float32, m.columns)
	m.scales = make([]float32, rows)
	m.packed = make([]int8, rows*m.columns)
	d.value(m.values)
	d.value(m.scales)
	d.value(m.packed)
}

func (d *decoder) fits(rows, columns int) bool {
	if d.err == nil && rows*columns > mostWeights {
		d.err = errors.New("too many weights")
	}
	return d.err == nil
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

func (e *encoder) text(s string) {
	e.value(uint32(len(s)))
	e.value([]byte(s))
}

func (d *decoder) text() string {
	b := make([]byte, d.length(math.MaxUint16))
	d.value(b)
	return string(b)
}
