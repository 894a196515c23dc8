package media_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/chat/media"
	"handrail/internal/errs"
)

func inspect(content string) (media.Info, error) {
	return media.Inspect(strings.NewReader(content), int64(len(content)))
}

func encoded(t *testing.T, encode func(io.Writer, image.Image) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encode(&b, image.NewPaletted(image.Rect(0, 0, 3, 2), palette.Plan9)))
	return b.String()
}

// archive makes a zip file of empty parts.
func archive(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		_, err := w.Create(name)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String()
}

// pngOf is the header of an image that claims a size; nothing of it follows.
func pngOf(width, height uint32) string {
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	header = append(binary.BigEndian.AppendUint32(header, height), 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header)))
}

func TestInspect(t *testing.T) {
	t.Parallel()
	const webp = "RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x01\x00\x00"
	for name, tt := range map[string]struct {
		content string
		want    media.Info
	}{
		"png":                              {encoded(t, png.Encode), media.Info{Type: media.PNG, Width: 3, Height: 2}},
		"jpeg":                             {encoded(t, func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }), media.Info{Type: media.JPEG, Width: 3, Height: 2}},
		"gif":                              {encoded(t, func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) }), media.Info{Type: media.GIF, Width: 3, Height: 2}},
		"webp":                             {webp, media.Info{Type: media.WebP, Width: 3, Height: 2}},
		"pdf":                              {"%PDF-1.7\n%âãÏÓ\n1 0 obj\n", media.Info{Type: media.PDF}},
		"text":                             {"The parcel is late.\n", media.Info{Type: media.Text}},
		"csv":                              {"order,total\n1,2\n3,4\n", media.Info{Type: media.CSV}},
		"docx":                             {archive(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), media.Info{Type: media.DOCX}},
		"xlsx, its parts in another order": {archive(t, "xl/workbook.xml", "docProps/app.xml", "[Content_Types].xml"), media.Info{Type: media.XLSX}},
		"a picture that is also a page is only a picture": {encoded(t, png.Encode) + "<script>alert(1)</script>",
			media.Info{Type: media.PNG, Width: 3, Height: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := inspect(tt.content)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestInspectRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		content string
		kind    errs.Kind
	}{
		"nothing":                       {"", errs.Invalid},
		"a page":                        {"<!DOCTYPE html><html><script>alert(1)</script>", errs.Unsupported},
		"a page behind a comment":       {"\ufeff\n  <!-- x --><img src=x onerror=alert(1)>", errs.Unsupported},
		"svg":                           {`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, errs.Unsupported},
		"svg behind an xml declaration": {`<?xml version="1.0"?><svg onload="alert(1)"/>`, errs.Unsupported},
		"a script element":              {"<script>alert(1)</script>", errs.Unsupported},
		"json":                          {`{"a": 1}`, errs.Unsupported},
		"a shell script":                {"#!/bin/sh\nrm -rf /\n", errs.Unsupported},
		"a program":                     {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 64), errs.Unsupported},
		"a Windows program":             {"MZ\x90\x00\x03" + strings.Repeat("\x00", 64), errs.Unsupported},
		"an archive":                    {archive(t, "a.txt"), errs.Unsupported},
		"a jar":                         {archive(t, "META-INF/MANIFEST.MF", "A.class"), errs.Unsupported},
		"macros":                        {archive(t, "[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), errs.Unsupported},
		"half an archive":               {archive(t, "[Content_Types].xml", "word/document.xml")[:80], errs.Invalid},
		"bytes":                         {"\x00\x01\x02\x03\x04\x05", errs.Unsupported},
		"a pdf behind a page":           {"<html>%PDF-1.7", errs.Unsupported},
		"half a picture":                {"\x89PNG\r\n\x1a\n\x00\x00", errs.Invalid},
		"a picture of 30k x 30k":        {pngOf(30_000, 30_000), errs.Invalid},
		"a very long picture":           {pngOf(1, 2_000_000_000), errs.Invalid},
		"a picture of nothing":          {pngOf(0, 7), errs.Invalid},
		"a page that begins as a gif":   {"GIF89a/*<script>alert(1)</script>*/", errs.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := inspect(tt.content)
			require.Error(t, err, "%+v", got)
			require.NotEqual(t, errs.Internal, errs.KindOf(err))
			require.Equal(t, tt.kind, errs.KindOf(err), "%v", err)
		})
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ given, kind, want string }{
		{"invoice.pdf", media.PDF, "invoice.pdf"},
		{"Rechnung März.PDF", media.PDF, "Rechnung März.PDF"},
		{"发票.pdf", media.PDF, "发票.pdf"},
		{"../../etc/passwd", media.Text, "passwd.txt"},
		{`C:\Users\a\photo.jpeg`, media.JPEG, "photo.jpeg"},
		{"page.html", media.Text, "page.html.txt"},
		{"evil.exe", media.PNG, "evil.exe.png"},
		{"report\u202efdp.exe", media.PNG, "reportfdp.exe.png"},
		{"a\x00b\r\nc.txt", media.Text, "ab c.txt"},
		{"hidden\U000e0041\u200btag.txt", media.Text, "hiddentag.txt"},
		{"a\"b<c>|d?.csv", media.CSV, "a_b_c__d_.csv"},
		{".htaccess", media.Text, "htaccess.txt"},
		{"....", media.PNG, "file.png"},
		{"", media.GIF, "file.gif"},
		{"\xff\xfe.webp", media.WebP, "webp.webp"},
	} {
		require.Equal(t, tt.want, media.Name(tt.given, tt.kind), "%q", tt.given)
	}
	long := media.Name(strings.Repeat("长", 500)+".docx", media.DOCX)
	require.Equal(t, 125, len([]rune(long)))
	require.True(t, strings.HasSuffix(long, ".docx"))
}

func FuzzName(f *testing.F) {
	f.Add("../a\u202eb.html")
	f.Fuzz(func(t *testing.T, given string) {
		name := media.Name(given, media.PNG)
		require.True(t, strings.HasSuffix(strings.ToLower(name), ".png"), "%q", name)
		require.NotContains(t, name, "/")
		require.NotContains(t, name, `\`)
		require.Equal(t, media.Clean(name), name)
	})
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte("GIF89a\x01\x00\x01\x00"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte(pngOf(30_000, 30_000)))
	f.Fuzz(func(t *testing.T, content []byte) {
		info, err := media.Inspect(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			require.NotEqual(t, errs.Internal, errs.KindOf(err), "%v", err)
			return
		}
		require.LessOrEqual(t, info.Width*info.Height, 50_000_000)
	})
}
