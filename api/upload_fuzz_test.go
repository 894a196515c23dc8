package api

import (
	"bytes"
	"log/slog"
	"mime/multipart"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"handrail/internal/chat"
	"handrail/internal/errs"
)

// FuzzUpload reads arbitrary bodies as forms: whatever comes is either a form with a file or the sender's mistake.
func FuzzUpload(f *testing.F) {
	form := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.txt\"\r\n\r\nhello\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"conversation\"\r\n\r\n" + uuid.Nil.String() + "\r\n--x--\r\n"
	f.Add("multipart/form-data; boundary=x", []byte(form))
	f.Add("multipart/form-data; boundary=x", []byte(form[:60]))
	f.Add("multipart/form-data", []byte(form))
	f.Add("text/plain", []byte("x"))
	s := New(Config{Logger: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Console: fstest.MapFS{}, Widget: fstest.MapFS{}})
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/attachments", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		placed := errs.New(errs.Conflict, "the form was read")
		_, err := s.storeUpload(httptest.NewRecorder(), r, uuid.Nil, func(form *multipart.Form) (chat.Attachment, error) {
			require.Len(t, form.File["file"], 1)
			if _, err := conversationOfForm(form); err != nil {
				return chat.Attachment{}, err
			}
			return chat.Attachment{}, placed
		})
		require.Contains(t, []errs.Kind{errs.Invalid, errs.TooLarge, errs.Conflict}, errs.KindOf(err), "%v", err)
	})
}
