package ingest

import (
	"regexp"
	"strings"
)

// Site generators replace these before a reader sees the page. Code is left alone, because there the same braces are
// what the reader must type, except for {{{ .name }}}, which no language writes.
var (
	named     = regexp.MustCompile(`\{\{\{\s*\.?([\w.-]+)\s*\}\}\}`)
	output    = regexp.MustCompile(`\{\{-?\s*([\w.$-]+)[^{}]*\}\}`)
	shortcode = regexp.MustCompile(`\{\{[<%]/?[^{}]*[>%]\}\}`)
	comment   = regexp.MustCompile(`(?s)\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}|<!--.*?-->`)
	liquid    = regexp.MustCompile(`\{%-?[^%]*-?%\}`)
	highlight = regexp.MustCompile(`\{%-?\s*(end)?highlight\b[^%]*-?%\}`)
	kramdown  = regexp.MustCompile(`\{:[^{}]*\}|\{::[^{}]*\}|[ \t]\{#[\w.-]+\}[ \t]*$`)
	admonish  = regexp.MustCompile(`^\s*:{3,}\s*\w*\s*(?:\[([^\]]*)\]|(.*))$`)
	fenceMark = regexp.MustCompile("^\\s*(?:[-*+>]\\s+|\\d+[.)]\\s+)*(```+|~~~+)")
)

// expand resolves the macros that the front matter explains and removes the others.
func expand(src string, m meta) string {
	if !strings.ContainsAny(src, "{:") && !strings.Contains(src, "<!--") {
		return src
	}
	same := func(s string) string { return s }
	src = outsideCode(src, same, func(s string) string { return comment.ReplaceAllString(s, "") })
	return outsideCode(src, m.names, func(s string) string {
		s = highlight.ReplaceAllString(s, fence)
		return m.macros(s)
	})
}

// names replaces {{{ .name }}} by the value that the front matter gives, else by the name itself, which usually is the
// word that it stands for. Names of addresses stand for nothing a reader could read.
func (m meta) names(s string) string {
	return named.ReplaceAllStringFunc(s, func(macro string) string {
		name := named.FindStringSubmatch(macro)[1]
		if v, ok := m.values[strings.ToLower(name)]; ok {
			return v
		}
		name = name[strings.LastIndexByte(name, '.')+1:]
		if lower := strings.ToLower(name); strings.HasSuffix(lower, "url") || strings.HasSuffix(lower, "link") {
			return ""
		}
		return strings.NewReplacer("-", " ", "_", " ").Replace(name)
	})
}

func (m meta) macros(s string) string {
	s = m.names(s)
	s = shortcode.ReplaceAllString(s, "")
	s = output.ReplaceAllStringFunc(s, func(macro string) string {
		name := output.FindStringSubmatch(macro)[1]
		return m.values[strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(name, "page."), ".Params."))]
	})
	s = liquid.ReplaceAllString(s, "")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		line = kramdown.ReplaceAllString(line, "")
		lines[i] = admonish.ReplaceAllString(line, "$1$2")
	}
	return strings.Join(lines, "\n")
}

// outsideCode applies code to fenced blocks and code spans, and prose to all that lies between them.
func outsideCode(src string, code, prose func(string) string) string {
	var out, run strings.Builder
	open := "" // the mark of the fence that is open
	flush := func(apply func(string) string) {
		out.WriteString(apply(run.String()))
		run.Reset()
	}
	for line := range strings.Lines(src) {
		mark := ""
		if m := fenceMark.FindStringSubmatch(line); m != nil {
			mark = m[1]
		}
		switch {
		case open == "" && mark != "":
			flush(func(s string) string { return outsideSpans(s, code, prose) })
			open = mark
			run.WriteString(line)
		case open != "" && strings.HasPrefix(mark, open):
			run.WriteString(line)
			flush(code)
			open = ""
		default:
			run.WriteString(line)
		}
	}
	if open != "" {
		flush(code)
	} else {
		flush(func(s string) string { return outsideSpans(s, code, prose) })
	}
	return out.String()
}

var codeSpan = regexp.MustCompile("``[^\\n]*?``|`[^`\\n]+`")

// outsideSpans applies code to code spans, and prose to the text between them. A macro may hold code spans of its own
// only by mistake, so spans win.
func outsideSpans(s string, code, prose func(string) string) string {
	var out strings.Builder
	last := 0
	for _, loc := range codeSpan.FindAllStringIndex(s, -1) {
		out.WriteString(prose(s[last:loc[0]]))
		out.WriteString(code(s[loc[0]:loc[1]]))
		last = loc[1]
	}
	out.WriteString(prose(s[last:]))
	return out.String()
}
