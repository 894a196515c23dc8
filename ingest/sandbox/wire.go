package sandbox

import (
	"encoding/binary"
	"fmt"
	"io"
)

// writeChunk sends b behind its length.
func writeChunk(w io.Writer, b []byte) error {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(b)))
	if _, err := w.Write(n[:]); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// readChunk receives what writeChunk has sent, unless it is longer than most bytes. It reads into buf where it fits.
func readChunk(r io.Reader, buf []byte, most int64) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint64(head[:])
	if n > uint64(most) {
		return nil, fmt.Errorf("a chunk of %d bytes, at most %d are allowed", n, most)
	}
	if uint64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	_, err := io.ReadFull(r, buf)
	return buf, err
}
