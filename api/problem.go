package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"handrail/internal/errs"
)

// status maps error kinds to HTTP. No other place knows status numbers.
func status(kind errs.Kind) int {
	switch kind {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.TooLarge:
		return http.StatusRequestEntityTooLarge
	case errs.RateLimited:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.Unsupported:
		return http.StatusUnsupportedMediaType
	}
	return http.StatusInternalServerError
}

// problem turns an error into what the caller may see (RFC 9457), and logs what only operators may.
func (s *Server) problem(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	s.logFailure(ctx, err)
	return huma.NewError(status(errs.KindOf(err)), errs.Public(err))
}

func (s *Server) logFailure(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	if code := status(errs.KindOf(err)); code >= http.StatusInternalServerError {
		s.c.Logger.ErrorContext(ctx, "request failed", "error", err)
	}
}

// writeProblem answers a plain handler's request with a problem document.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	s.logFailure(r.Context(), err)
	code := status(errs.KindOf(err))
	w.Header().Set("Content-Type", "application/problem+json")
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="handrail"`)
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(code), Status: code, Detail: errs.Public(err)})
}
