package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
)

type uploaded struct {
	Added, Changed, Unchanged []string
	Failed                    []struct{ Item, Reason string }
	Passages                  int
}

// upload sends files, given as name and content in turn.
func (s *system) upload(key string, files ...string) (int, uploaded, string) {
	s.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		require.NoError(s.t, err)
		_, err = io.WriteString(part, files[i+1])
		require.NoError(s.t, err)
	}
	require.NoError(s.t, w.Close())
	req, err := http.NewRequestWithContext(s.t.Context(), "POST", s.url+"/api/v1/uploads?collection=mine", &form)
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	var out uploaded
	if res.StatusCode == http.StatusOK {
		require.NoError(s.t, json.Unmarshal(body, &out))
	}
	return res.StatusCode, out, string(body)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.key(auth.KnowledgeManager)
	code, got, body := s.upload(key, "../../etc/gifts.md", "# Gifts\n\nWe wrap every teapot in blue paper.",
		`C:\desk\notes.txt`, "Parcels leave at noon.", "photo.png", "\x89PNG", "empty.md", " ")
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, []string{"gifts.md", "notes.txt"}, got.Added)
	require.Equal(t, 2, got.Passages)
	require.Len(t, got.Failed, 2)
	require.Equal(t, "empty.md", got.Failed[0].Item)
	require.Contains(t, got.Failed[1].Reason, "an image")
	_, found := s.do("GET", "/api/v1/search?q=teapot+paper", key, nil)
	require.Contains(t, string(found), "blue paper")

	code, got, body = s.upload(key, "gifts.md", "# Gifts\n\nWe wrap every teapot in red paper.", "notes.txt", "Parcels leave at noon.")
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, []string{"gifts.md"}, got.Changed)
	require.Equal(t, []string{"notes.txt"}, got.Unchanged)

	code, got, body = s.upload(key, "broken.md", "")
	require.Equal(t, http.StatusOK, code, body)
	require.Len(t, got.Failed, 1)
	require.Equal(t, 3, s.audited("ingest.upload"))
	_, runs := s.do("GET", "/api/v1/ingest", key, nil)
	require.Contains(t, string(runs), `"state":"failed"`)
	require.Contains(t, string(runs), "broken.md")
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.key(auth.KnowledgeManager)
	code, _, _ := s.upload(s.key(auth.Agent), "a.md", "A.")
	require.Equal(t, http.StatusForbidden, code)
	code, _, body := s.upload(key)
	require.Equal(t, http.StatusUnprocessableEntity, code, body)
	code, _, body = s.upload(key, "a.md", "A.", "x/a.md", "B.")
	require.Equal(t, http.StatusUnprocessableEntity, code, body)
	require.Contains(t, body, "two files named a.md")
	code, _, body = s.upload(key, "large.md", string(make([]byte, 20<<20+1)))
	require.Equal(t, http.StatusRequestEntityTooLarge, code, body)
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf("%d.md", i), "A.")
	}
	code, _, body = s.upload(key, many...)
	require.Equal(t, http.StatusUnprocessableEntity, code, body)
	require.Contains(t, body, "1 to 50 files")
}
