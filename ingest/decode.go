package ingest

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"handrail/internal/errs"
)

// decode returns raw as text. A byte order mark decides, then validity as UTF-8, then the declared encoding, then
// statistics. contentType is that of the HTTP response, "" for files; markup says that raw may declare its encoding
// itself, as HTML does.
func decode(raw []byte, contentType string, markup bool) (string, error) {
	enc, err := detect(raw, contentType, markup)
	if err != nil {
		return "", err
	}
	if enc == nil {
		return canonical(string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))), nil
	}
	out, err := enc.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return "", errs.New(errs.Invalid, "its characters cannot be decoded: save it as UTF-8")
	}
	return canonical(string(out)), nil
}

// detect returns the encoding of raw, nil for UTF-8.
func detect(raw []byte, contentType string, markup bool) (encoding.Encoding, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), nil
	case bytes.IndexByte(raw, 0) >= 0:
		return wide(raw)
	case utf8.Valid(raw):
		return nil, nil
	case broken(raw):
		line := 1 + bytes.Count(raw[:firstInvalid(raw)], []byte("\n"))
		return nil, errs.New(errs.Invalid, "line %d is not valid UTF-8, although the rest is: correct that line and save "+
			"the file as UTF-8", line)
	}
	if declared := declaredEncoding(raw, contentType, markup); declared != nil {
		return declared, nil
	}
	return guess(raw)
}

// wide recognises UTF-16 without a byte order mark by where its zero bytes stand. Anything else with zero bytes is no
// text.
func wide(raw []byte) (encoding.Encoding, error) {
	var zeros [2]int
	for i, b := range raw {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(raw) / 2
	switch {
	case zeros[1] > half/4 && zeros[0] < zeros[1]/8:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), nil
	case zeros[0] > half/4 && zeros[1] < zeros[0]/8:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), nil
	}
	return nil, errs.New(errs.Unsupported, "it holds binary data, not text: export it as Markdown, HTML, plain text "+
		"or CSV")
}

// broken reports whether raw is UTF-8 with a few wrong bytes rather than another encoding, in which sequences that are
// valid UTF-8 are rare. Guessing would turn every other letter into nonsense.
func broken(raw []byte) bool {
	valid, invalid := 0, 0
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r == utf8.RuneError && size == 1:
			invalid++
		case size > 1:
			valid++
		}
		raw = raw[size:]
	}
	return valid > 4*invalid
}

func firstInvalid(raw []byte) int {
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(raw)
}

// declaredEncoding returns what the response or the page says of itself, nil if neither does.
func declaredEncoding(raw []byte, contentType string, markup bool) encoding.Encoding {
	if !markup && !strings.Contains(contentType, "charset=") {
		return nil
	}
	head := raw
	if !markup {
		head = nil
	}
	enc, name, certain := charset.DetermineEncoding(head, contentType)
	if !certain && !declaresCharset(head) || name == "utf-8" {
		return nil
	}
	return enc
}

func declaresCharset(head []byte) bool {
	return bytes.Contains(bytes.ToLower(head[:min(len(head), 1024)]), []byte("charset="))
}

// guess goes by statistics, best candidate first, and takes the first one under which every byte has a meaning.
func guess(raw []byte) (encoding.Encoding, error) {
	sample := raw[:min(len(raw), 64<<10)]
	candidates, err := chardet.NewTextDetector().DetectAll(sample)
	if err == nil {
		for _, c := range candidates {
			enc, err := htmlindex.Get(c.Charset)
			if err != nil {
				continue
			}
			out, err := enc.NewDecoder().Bytes(raw)
			if err == nil && !bytes.ContainsRune(out, utf8.RuneError) && !hasControls(out) {
				return enc, nil
			}
		}
	}
	return nil, errs.New(errs.Invalid, "its character encoding is not recognised: save it as UTF-8")
}

// hasControls reports whether text holds control characters that no text needs.
func hasControls(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r >= 0x7f && r < 0xa0
	})
}
