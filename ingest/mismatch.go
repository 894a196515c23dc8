package ingest

import (
	"bytes"
	"path"
	"strings"
	"unicode/utf16"

	"handrail/internal/errs"
)

// ole begins the files of Office before 2007, and those that Office has encrypted since.
const ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// unsupported says what to do with a file of a type that is not read.
func unsupported(name string) error {
	advice := map[string]string{
		".doc": "it is in the old format of Word: open it and save it as .docx",
		".xls": "it is in the old format of Excel: open it and save it as .xlsx",
		".ppt": "it is in the old format of PowerPoint: open it and export it as PDF",
		".odt": "it is a text of LibreOffice: save it as .docx", ".ods": "it is a sheet of LibreOffice: save it as .xlsx",
		".pptx": "slides are not read: export them as PDF", ".odp": "slides are not read: export them as PDF",
		".rtf": "rich text is not read: save it as .docx",
	}[strings.ToLower(path.Ext(name))]
	switch {
	case advice != "":
		return errs.New(errs.Unsupported, "%s", advice)
	case formatOf(name) == formatIgnored && isImage(name):
		return errs.New(errs.Unsupported, "it is an image, of which no text is read: write the text down in one of %s", readable)
	}
	return errs.New(errs.Unsupported, "this type of document cannot be read: convert it to %s", readable)
}

func isImage(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".bmp", ".tif", ".tiff", ".ico":
		return true
	}
	return false
}

// mismatch returns an error if the first bytes of a file show another format than its name.
func mismatch(f format, body []byte) error {
	if bytes.HasPrefix(body, []byte(ole)) {
		return oldOffice(f, body)
	}
	found, format := signature(body), container(body)
	switch {
	case format == f:
		return nil
	case format != "" && format != formatZip:
		found = format.name()
	case format == formatZip && (f == formatDOCX || f == formatXLSX || f == formatEPUB):
		return nil // its loader says which member is missing
	case format == formatZip:
		found = "a ZIP archive"
	}
	if found == "" {
		return nil
	}
	return errs.New(errs.Unsupported, "its name says %s, but it holds %s: give it the right extension, or save it again",
		f.name(), found)
}

// signature names what is no document, by its first bytes. Nothing of it is decoded.
func signature(body []byte) string {
	for prefix, name := range map[string]string{
		"\x89PNG\r\n": "an image", "\xff\xd8\xff": "an image", "GIF8": "an image", "II*\x00": "an image", "MM\x00*": "an image",
		"\x1f\x8b\x08": "a compressed file (gzip)", "7z\xbc\xaf": "a 7z archive", "Rar!": "a RAR archive",
		"BZh9": "a compressed file (bzip2)", "\xfd7zXZ": "a compressed file (xz)", "\x28\xb5\x2f\xfd": "a compressed file (zstd)",
		"\x7fELF": "a program", "MZ\x90": "a program", "{\\rtf": "rich text (RTF)", "SQLite format 3": "a database",
	} {
		if bytes.HasPrefix(body, []byte(prefix)) {
			return name
		}
	}
	if len(body) > 262 && string(body[257:262]) == "ustar" {
		return "a TAR archive"
	}
	if bytes.HasPrefix(body, []byte("RIFF")) && len(body) > 12 && string(body[8:12]) == "WEBP" {
		return "an image"
	}
	return ""
}

// oldOffice tells an encrypted file of today from one of the formats before 2007, in both of which names are UTF-16.
func oldOffice(f format, body []byte) error {
	if bytes.Contains(body, wideName("EncryptedPackage")) {
		return errs.New(errs.Forbidden, "it is protected by a password: save it without one")
	}
	switch {
	case f == formatXLSX || bytes.Contains(body, wideName("Workbook")):
		return errs.New(errs.Unsupported, "it is in the old format of Excel: open it and save it as .xlsx")
	case bytes.Contains(body, wideName("PowerPoint Document")):
		return errs.New(errs.Unsupported, "it is in the old format of PowerPoint: open it and export it as PDF")
	}
	return errs.New(errs.Unsupported, "it is in the old format of Word: open it and save it as .docx")
}

func wideName(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
