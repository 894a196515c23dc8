package ingest

import (
	"archive/zip"
	"path"
	"strings"

	"handrail/internal/errs"
)

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
