package ingest

import (
	"mime"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// format is how a source is read.
type format string

const (
	formatMarkdown format = "markdown"
	formatHTML     format = "html"
	formatPlain    format = "plain"
	formatCSV      format = "csv"
	formatUnknown  format = "unknown" // may be a document, so it is reported
	formatIgnored  format = "ignored" // holds no prose, so it is passed over
)

// readable names the formats for error messages.
const readable = "Markdown (.md), HTML (.html), plain text (.txt) or CSV of questions and answers (.csv)"

// formatOf goes by the extension, because the content of Markdown and plain text cannot be told apart.
func formatOf(name string) format {
	switch ext := strings.ToLower(path.Ext(name)); ext {
	case ".md", ".markdown", ".mdown", ".mkd", ".mdx":
		return formatMarkdown
	case ".html", ".htm", ".xhtml":
		return formatHTML
	case ".txt", ".text":
		return formatPlain
	case ".csv", ".tsv":
		return formatCSV
	case ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".bmp", ".tif", ".tiff", ".psd", ".drawio",
		".css", ".scss", ".sass", ".less", ".js", ".mjs", ".cjs", ".ts", ".jsx", ".tsx", ".vue", ".map",
		".woff", ".woff2", ".ttf", ".otf", ".eot", ".mp3", ".mp4", ".webm", ".mov", ".avi", ".ogg", ".wav",
		".json", ".yaml", ".yml", ".toml", ".ini", ".xml", ".lock", ".log", ".bak", ".tmp", ".sh", ".py", ".rb", ".go",
		".exe", ".dll", ".so", ".pyc":
		return formatIgnored
	case "":
		switch strings.ToLower(name) {
		case "readme":
			return formatPlain
		case "license", "licence", "notice", "makefile", "dockerfile", "cname", "gemfile", "codeowners", "authors":
			return formatIgnored
		}
	}
	return formatUnknown
}

// formatOfPage goes by what the server says of a page, then by its address, then by its content. Servers send Markdown
// and CSV as plain text, so there the address decides.
func formatOfPage(body []byte, contentType, address string) format {
	named := formatOf(path.Base(address))
	declared, _, _ := mime.ParseMediaType(contentType)
	switch declared {
	case "text/html", "application/xhtml+xml":
		return formatHTML
	case "text/markdown", "text/x-markdown":
		return formatMarkdown
	case "text/csv", "text/tab-separated-values", "application/csv":
		return formatCSV
	case "text/plain":
		if named == formatMarkdown || named == formatCSV {
			return named
		}
		return formatPlain
	case "", "application/octet-stream", "binary/octet-stream":
		return sniff(body, named)
	}
	return formatUnknown
}

func sniff(body []byte, named format) format {
	m := mimetype.Detect(body)
	switch {
	case m.Is("text/html"):
		return formatHTML
	case !strings.HasPrefix(m.String(), "text/"):
		return formatUnknown
	case named == formatMarkdown || named == formatCSV || named == formatHTML:
		return named
	}
	return formatPlain
}
