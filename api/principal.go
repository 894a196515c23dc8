package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// principalKey is the context key of the request's principal, or of why there is none.
type principalKey struct{}

type identity struct {
	principal auth.Principal
	err       error
}

func (s *Server) cookieName() string {
	if s.c.SecureCookies {
		return "__Host-handrail"
	}
	return "handrail"
}

// identify finds out who is asking and stores it in the request's context; it refuses nobody.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id identity
		if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			id.principal, id.err = s.c.Auth.Key(r.Context(), strings.TrimSpace(key))
		} else if c, err := r.Cookie(s.cookieName()); err == nil {
			id.principal, id.err = s.c.Auth.Session(r.Context(), c.Value)
		} else {
			id.err = errs.New(errs.Unauthenticated, "sign in, or send an API key as `Authorization: Bearer KEY`")
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, id)))
	})
}

// allowed returns the request's principal if it has the permission.
func allowed(ctx context.Context, p auth.Permission) (auth.Principal, error) {
	id, _ := ctx.Value(principalKey{}).(identity)
	switch {
	case p == auth.Public:
		return id.principal, nil
	case id.err != nil:
		return auth.Principal{}, id.err
	case !id.principal.Role.May(p):
		return auth.Principal{}, errs.New(errs.Forbidden, "the role %s may not do this: it needs %s", id.principal.Role, p)
	}
	return id.principal, nil
}

// who returns the principal of a request that has passed the permission check.
func who(ctx context.Context) auth.Principal {
	id, _ := ctx.Value(principalKey{}).(identity)
	return id.principal
}

// requirePermission is the check that every described route passes through.
func (s *Server) requirePermission(api huma.API, p auth.Permission) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if _, err := allowed(ctx.Context(), p); err != nil {
			s.logFailure(ctx.Context(), err)
			if errs.Is(err, errs.Unauthenticated) {
				ctx.SetHeader("WWW-Authenticate", `Bearer realm="handrail"`)
			}
			_ = huma.WriteErr(api, ctx, status(errs.KindOf(err)), errs.Public(err))
			return
		}
		next(ctx)
	}
}
