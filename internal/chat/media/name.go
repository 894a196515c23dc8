package media

import (
	"path"
	"slices"
	"strings"
	"unicode"
)

// maxName is the longest name that is kept, in characters.
const maxName = 120

// endings are the endings that fit a type; the first is added to a name that has none of them.
func endings(kind string) []string {
	fitting, known := map[string][]string{
		PNG: {".png"}, JPEG: {".jpg", ".jpeg"}, GIF: {".gif"}, WebP: {".webp"}, PDF: {".pdf"},
		Text: {".txt", ".log", ".md"}, CSV: {".csv", ".txt"}, DOCX: {".docx"}, XLSX: {".xlsx"},
	}[kind]
	if !known {
		return []string{""}
	}
	return fitting
}

// Name makes of the name that a sender gave one that is safe to show and to save under: no folders, no control or
// invisible characters, none that turn the direction of writing, and an ending that fits the type, so that text called
// page.html is not saved as a page.
func Name(given, kind string) string {
	if i := strings.LastIndexAny(given, `/\`); i >= 0 {
		given = given[i+1:]
	}
	name := strings.Trim(Clean(given), ". ")
	fitting, ending := endings(kind), path.Ext(name)
	if slices.Contains(fitting, strings.ToLower(ending)) {
		name = name[:len(name)-len(ending)]
	} else {
		ending = fitting[0]
	}
	if name = strings.TrimRight(firstRunes(name, maxName), ". "); name == "" {
		name = "file"
	}
	return name + ending
}

// Clean makes one visible line of a name: characters that do not show, or that change how others show, are left out,
// forbidden ones become underscores, and white space is one space.
func Clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs), r == unicode.ReplacementChar:
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

func firstRunes(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}
