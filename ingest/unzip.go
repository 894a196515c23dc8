package ingest

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
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

// archive reads the members of a ZIP archive, each as a document of its own. A member that cannot be read stands in the
// failures; other members are read all the same.
func (t task) archive(body []byte, emit func(part) error) error {
	if len(body) == 0 {
		return errs.New(errs.Invalid, "it is empty: write something, or remove it")
	}
	if err := mismatch(formatZip, body); err != nil {
		return err
	}
	a, err := openArchive(body)
	if err != nil {
		return err
	}
	found := 0
	for i, f := range a.files {
		if f.FileInfo().IsDir() || hiddenMember(f.Name) || formatOf(path.Base(f.Name)) == formatIgnored {
			continue
		}
		if found++; i < t.Skip {
			continue
		}
		if err := emit(part{Member: &member{i, f.Name}}); err != nil {
			return err
		}
		if err := t.memberOf(a, f, emit); err != nil {
			return err
		}
		if a.left <= 0 {
			return errs.New(errs.TooLarge, "its members unpack to more than %s: split it", size(mostUnpacked))
		}
	}
	if found == 0 {
		return errs.New(errs.Invalid, "it holds no document: pack files in it that are %s", readable)
	}
	return nil
}

func hiddenMember(name string) bool {
	for dir := range strings.SplitSeq(name, "/") {
		if passedOver(dir) {
			return true
		}
	}
	return false
}

// memberOf reads one member. Its error is that of emit.
func (t task) memberOf(a *archive, f *zip.File, emit func(part) error) error {
	inner := task{URI: t.URI + "/" + f.Name, Format: formatOf(path.Base(f.Name)), Address: t.Address, Lang: t.Lang}
	var sent error
	err := inner.member(a, f, t.MaxBytes, func(p part) error {
		sent = emit(p)
		return sent
	})
	if sent != nil || err == nil || isStub(err) {
		return sent
	}
	return emit(part{Failure: &Failure{inner.URI, reason(err)}})
}

func (t task) member(a *archive, f *zip.File, most int64, emit func(part) error) error {
	if !f.Mode().IsRegular() {
		return errs.New(errs.Unsupported, "it is a link or another special file: pack the file itself")
	}
	if t.Format == formatZip {
		return errs.New(errs.Unsupported, "it is an archive within an archive: unpack it and pack its files directly")
	}
	if t.Format == formatUnknown {
		return unsupported(f.Name)
	}
	body, err := a.read(f, most)
	if err != nil {
		return err
	}
	if container(body) == formatZip && t.Format != formatDOCX && t.Format != formatXLSX && t.Format != formatEPUB {
		return errs.New(errs.Unsupported, "it is an archive within an archive: unpack it and pack its files directly")
	}
	return t.read(body, emit)
}

// xmlPart refuses what XML needs for attacks and no document needs: declarations of types and entities.
func xmlPart(name string, b []byte, doctype bool) error {
	upper := bytes.ToUpper(b)
	if bytes.Contains(upper, []byte("<!ENTITY")) || !doctype && bytes.Contains(upper, []byte("<!DOCTYPE")) {
		return errs.New(errs.Invalid, "its part %s declares XML entities or a document type, which is refused because it may "+
			"read other files or grow without bound: save it again with an office program", name)
	}
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return errs.New(errs.Invalid, "its part %s is not UTF-8: save it again with an office program", name)
	}
	return nil
}

// xmlError explains an error of the XML reader.
func xmlError(name string, err error) error {
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	return errs.Wrap(fmt.Errorf("%s: %w", name, err), errs.Invalid, "its part %s is damaged: save it again with the program "+
		"that made it", name)
}
