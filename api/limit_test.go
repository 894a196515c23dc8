package api

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
	"github.com/stretchr/testify/require"
)

func TestLoopbackIsNotLimited(t *testing.T) {
	t.Parallel()
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	h := middleware.ClientIPFromRemoteAddr(exemptLoopback(httprate.LimitBy(2, time.Minute, clientIP))(ok))
	ask := func(from string) int {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for range 5 {
		require.Equal(t, http.StatusOK, ask("127.0.0.1:4711"))
		require.Equal(t, http.StatusOK, ask("[::1]:4711"))
	}
	require.Equal(t, http.StatusOK, ask("192.0.2.1:1"))
	require.Equal(t, http.StatusOK, ask("192.0.2.1:2"))
	require.Equal(t, http.StatusTooManyRequests, ask("192.0.2.1:3"))
}
