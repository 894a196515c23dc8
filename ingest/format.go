package ingest

import (
	"bytes"
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
	formatJSONL    format = "jsonl"
	formatPDF      format = "pdf"
	formatPDFText  format = "pdftext" // what pdftotext makes of a PDF
	formatDOCX     format = "docx"
	formatXLSX     format = "xlsx"
	formatEPUB     format = "epub"
	formatZip      format = "zip"
	formatUnknown  format = "unknown" // may be a document, so it is reported
	formatIgnored  format = "ignored" // holds no prose, so it is passed over
)

// readable names the formats for error messages.
const readable = "PDF (.pdf), Word (.docx), Excel (.xlsx), EPUB (.epub), Markdown (.md), HTML (.html), plain text (.txt), " +
	"tables (.csv), lines of JSON (.jsonl) or a ZIP archive of these (.zip)"

// name is what people call the format.
func (f format) name() string {
	switch f {
	case formatMarkdown:
		return "Markdown"
	case formatHTML:
		return "HTML"
	case formatPlain:
		return "plain text"
	case formatPDFText:
		return "PDF"
	case formatDOCX:
		return "Word (.docx)"
	case formatXLSX:
		return "Excel (.xlsx)"
	case formatZip:
		return "ZIP"
	}
	return strings.ToUpper(string(f))
}

// several reports whether one file of the format may hold several documents.
func (f format) several() bool { return f == formatZip || f == formatJSONL }

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
	case ".jsonl", ".ndjson":
		return formatJSONL
	case ".pdf":
		return formatPDF
	case ".docx", ".docm", ".dotx":
		return formatDOCX
	case ".xlsx", ".xlsm", ".xltx":
		return formatXLSX
	case ".epub":
		return formatEPUB
	case ".zip":
		return formatZip
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

// formatOfPage goes by what the server says of a page, then by its address, then by its content. Servers send Markdown,
// CSV and JSON lines as plain text, so there the address decides.
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
	case "application/pdf", "application/x-pdf":
		return formatPDF
	case "application/vnd.openxmlformats-officedocument.wordprocessingml.document":
		return formatDOCX
	case "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
		return formatXLSX
	case "application/epub+zip":
		return formatEPUB
	case "application/jsonl", "application/x-ndjson", "application/json-lines", "application/x-jsonlines":
		return formatJSONL
	case "text/plain":
		if named == formatMarkdown || named == formatCSV || named == formatJSONL {
			return named
		}
		return formatPlain
	case "", "application/octet-stream", "binary/octet-stream", "application/zip", "application/x-zip-compressed":
		return sniff(body, named)
	}
	return formatUnknown
}

func sniff(body []byte, named format) format {
	if f := container(body); f != "" {
		return f
	}
	m := mimetype.Detect(body)
	switch {
	case m.Is("text/html"):
		return formatHTML
	case !strings.HasPrefix(m.String(), "text/") && named != formatJSONL:
		return formatUnknown
	case named == formatMarkdown || named == formatCSV || named == formatHTML || named == formatJSONL:
		return named
	}
	return formatPlain
}

// container returns the format of a file that says so in its first bytes or in the names of its members, "" for others.
func container(body []byte) format {
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(body, "\xef\xbb\xbf \t\r\n"), []byte("%PDF-")):
		return formatPDF
	case !bytes.HasPrefix(body, []byte("PK\x03\x04")) && !bytes.HasPrefix(body, []byte("PK\x05\x06")):
		return ""
	case bytes.Contains(body, []byte("word/document.xml")):
		return formatDOCX
	case bytes.Contains(body, []byte("xl/workbook.xml")):
		return formatXLSX
	case bytes.Contains(body[:min(len(body), 128)], []byte("application/epub+zip")):
		return formatEPUB
	}
	return formatZip
}
