package ingest

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/html/atom"
	"golang.org/x/text/unicode/norm"
)

// knownTag reports whether name is an element of HTML or a component of a documentation framework, whose names start
// with a capital and mix the cases.
func knownTag(name string) bool {
	if atom.Lookup([]byte(strings.ToLower(name))) != 0 {
		return true
	}
	return unicode.IsUpper(rune(name[0])) && strings.ToUpper(name) != name && !strings.ContainsAny(name, "-_.")
}

var (
	blanks    = regexp.MustCompile(`[ \t]+`)
	lineSpace = regexp.MustCompile(` *\n *`)
	hanBreak  = regexp.MustCompile(`(\p{Han}|[，。；：、！？）」』]) (\p{Han}|[（「『])`)
)

// tidy removes the spaces that layout and removed marks leave behind.
func tidy(s string) string {
	s = blanks.ReplaceAllString(s, " ")
	s = lineSpace.ReplaceAllString(s, "\n")
	// A line break between two Han characters is layout; it parts no words.
	s = hanBreak.ReplaceAllString(s, "$1$2")
	return strings.TrimSpace(s)
}

// flat is tidy on one line. List marks that came from HTML become commas.
func flat(s string) string {
	var parts []string
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "- ")); line != "" && line != "-" {
			parts = append(parts, line)
		}
	}
	if strings.Contains(s, "\n- ") || strings.HasPrefix(s, "- ") {
		return strings.Join(parts, ", ")
	}
	return strings.Join(parts, " ")
}

// canonical brings decoded text into the one form that every loader expects: composed characters, \n at line ends, no
// control or invisible formatting characters.
func canonical(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u00a0' || r == '\u3000' || r == '\u2028':
			return ' '
		case r == '\u200b' || r == '\u2060' || r == '\ufeff' || r == '\u00ad' || unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(s)
}
