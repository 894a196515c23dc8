package media

import (
	"encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"handrail/internal/errs"
)

// The largest image that may be sent. A few bytes of a file can claim any size, and a browser that shows it would have to
// find the memory.
const (
	maxSide   = 16_000     // pixels
	maxPixels = 50_000_000 // 200 MB when decoded
)

// inspectImage reads the header of an image; nothing is decoded.
func inspectImage(kind string, r io.Reader) (Info, error) {
	read := map[string]func(io.Reader) (image.Config, error){
		PNG: png.DecodeConfig, JPEG: jpeg.DecodeConfig, GIF: gif.DecodeConfig, WebP: webpConfig,
	}[kind]
	if read == nil { // a subtype that only the library knows, such as APNG
		return Info{}, refused(kind)
	}
	c, err := read(r)
	switch {
	case err != nil || c.Width <= 0 || c.Height <= 0:
		return Info{}, errs.Wrap(err, errs.Invalid, "the image is broken: save it again and send it anew")
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels:
		return Info{}, errs.New(errs.Invalid, "the image has %d x %d pixels, more than can be shown: send a smaller one",
			c.Width, c.Height)
	}
	return Info{Type: kind, Width: c.Width, Height: c.Height}, nil
}

// webpConfig reads the size that the first chunk of a WebP file names (RFC 9649).
func webpConfig(r io.Reader) (c image.Config, err error) {
	var b [30]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return c, err
	}
	switch string(b[12:16]) {
	case "VP8X":
		c.Width, c.Height = 1+int(uint24(b[24:])), 1+int(uint24(b[27:]))
	case "VP8L":
		bits := binary.LittleEndian.Uint32(b[21:])
		c.Width, c.Height = 1+int(bits&0x3fff), 1+int(bits>>14&0x3fff)
	case "VP8 ":
		c.Width = int(binary.LittleEndian.Uint16(b[26:]) & 0x3fff)
		c.Height = int(binary.LittleEndian.Uint16(b[28:]) & 0x3fff)
	}
	return c, nil
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
