package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"handrail/internal/errs"
)

// Limits of what a ZIP file may unpack to. Members are counted by what is read, whatever the directory says.
const (
	mostMembers  = 5000
	mostUnpacked = 200 << 20
	mostRatio    = 200 // unpacked by packed; text seldom exceeds 20
	ratioFrom    = 1 << 20
)

// archive is a ZIP file whose directory has been checked.
type archive struct {
	files []*zip.File
	left  int64 // bytes that may still be unpacked
}

// openArchive reads the directory of a ZIP file and refuses what no honest program writes.
func openArchive(body []byte) (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, errs.Wrap(err, errs.Invalid, "its ZIP structure is damaged or cut off: copy or download it again")
	}
	if len(r.File) > mostMembers {
		return nil, errs.New(errs.TooLarge, "it holds %d members, more than the %d that are allowed: split it", len(r.File),
			mostMembers)
	}
	seen := map[string]bool{}
	for _, f := range r.File {
		f.Name = memberName(f)
		if err := checkMember(f); err != nil {
			return nil, err
		}
		if seen[f.Name] {
			return nil, errs.New(errs.Invalid, "it holds the member %q twice: pack it again", clip(f.Name, 200))
		}
		seen[f.Name] = true
	}
	return &archive{files: r.File, left: mostUnpacked}, nil
}

// memberName returns the name of a member in UTF-8. Chinese editions of Windows write it in GBK.
func memberName(f *zip.File) string {
	if !f.NonUTF8 && utf8.ValidString(f.Name) {
		return f.Name
	}
	if utf8.ValidString(f.Name) && isASCII(f.Name) {
		return f.Name
	}
	name, err := simplifiedchinese.GBK.NewDecoder().String(f.Name)
	if err != nil || strings.ContainsRune(name, utf8.RuneError) {
		return strings.ToValidUTF8(f.Name, "_")
	}
	return name
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func checkMember(f *zip.File) error {
	name := clip(f.Name, 200)
	slashed := strings.ReplaceAll(f.Name, `\`, "/")
	switch {
	case strings.HasPrefix(slashed, "/"), len(slashed) > 1 && slashed[1] == ':':
		return errs.New(errs.Invalid, "its member %q has an absolute path: pack it again with relative paths", name)
	case strings.Contains("/"+slashed+"/", "/../"):
		return errs.New(errs.Invalid, "its member %q leads outside of the archive: pack it again without \"..\"", name)
	case strings.ContainsRune(f.Name, 0):
		return errs.New(errs.Invalid, "its member %q has a name that no file can have: pack it again", name)
	case f.Flags&1 != 0:
		return errs.New(errs.Forbidden, "it is protected by a password: pack it again without one")
	case f.UncompressedSize64 > mostUnpacked:
		return errs.New(errs.TooLarge, "its member %q unpacks to more than %s: split it", name, size(mostUnpacked))
	case f.UncompressedSize64 > ratioFrom && f.UncompressedSize64/mostRatio > f.CompressedSize64:
		return errs.New(errs.TooLarge, "its member %q unpacks to more than %d times its size, as decompression bombs do: "+
			"pack it again, or remove that member", name, mostRatio)
	}
	return nil
}

// find returns the member of that name, nil if there is none.
func (a *archive) find(name string) *zip.File {
	for _, f := range a.files {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// read unpacks a member, unless it takes more than most bytes, or all members together take too much.
func (a *archive) read(f *zip.File, most int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "its member %q cannot be unpacked: pack it again", clip(f.Name, 200))
	}
	defer r.Close()
	var b bytes.Buffer
	limit := min(most, a.left)
	n, err := io.Copy(&b, io.LimitReader(r, limit+1))
	a.left -= n
	switch {
	case n > limit && limit < most:
		return nil, errs.New(errs.TooLarge, "its members unpack to more than %s: split it", size(mostUnpacked))
	case n > limit:
		return nil, errs.New(errs.TooLarge, "its member %q unpacks to more than %s: split it", clip(f.Name, 200), size(most))
	case n > ratioFrom && n/mostRatio > int64(f.CompressedSize64):
		return nil, errs.New(errs.TooLarge, "its member %q unpacks to more than %d times its size, as decompression bombs do: "+
			"pack it again, or remove that member", clip(f.Name, 200), mostRatio)
	case err != nil:
		return nil, errs.Wrap(err, errs.Invalid, "its member %q is damaged or cut off: copy or download it again",
			clip(f.Name, 200))
	}
	return b.Bytes(), nil
}

// must is read for a member without which the file is nothing.
func (a *archive) must(name, what string, most int64) ([]byte, error) {
	f := a.find(name)
	if f == nil {
		return nil, errs.New(errs.Invalid, "it is no %s file, because its part %s is missing: save it again with the program "+
			"that made it", what, name)
	}
	return a.read(f, most)
}
