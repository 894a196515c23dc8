package seal

import (
	"encoding/binary"
	"errors"
	"math"
)

// absent is the length of a nil field.
const absent = math.MaxUint32

// pack joins fields, each behind its length in four bytes: a form that SQL can produce too.
func pack(fields [][]byte) []byte {
	size := 0
	for _, f := range fields {
		size += 4 + len(f)
	}
	out := make([]byte, 0, size)
	for _, f := range fields {
		if f == nil {
			out = binary.BigEndian.AppendUint32(out, absent)
			continue
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(f)))
		out = append(out, f...)
	}
	return out
}

// unpack splits what pack joined. The fields share the memory of b.
func unpack(b []byte) (fields [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, errors.New("a field has no length")
		}
		n := binary.BigEndian.Uint32(b)
		b = b[4:]
		if n == absent {
			fields = append(fields, nil)
			continue
		}
		if uint64(n) > uint64(len(b)) {
			return nil, errors.New("a field is longer than its row")
		}
		fields = append(fields, b[:n:n])
		b = b[n:]
	}
	return fields, nil
}
