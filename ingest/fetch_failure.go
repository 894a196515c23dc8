package ingest

import (
	"context"
	"errors"
	"net"
	"net/http"

	"code.dny.dev/ssrf"

	"handrail/internal/errs"
)

func status(code int) error {
	switch {
	case code == http.StatusOK:
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		return errs.New(errs.NotFound, "the server answers %d, there is no such page: correct the address or remove it", code)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return errs.New(errs.Forbidden, "the server answers %d, the page is not public: publish it, or save it as a file "+
			"and ingest that", code)
	case code >= 500, code == http.StatusTooManyRequests:
		return errs.New(errs.Unavailable, "the server answers %d: try again later", code)
	}
	return errs.New(errs.Invalid, "the server answers %d instead of the page: open the address in a browser and "+
		"correct it", code)
}

// explain turns a failure of the network into a sentence for the person who named the address.
func (f *fetcher) explain(ctx context.Context, err error) error {
	var known *errs.Error
	var dns *net.DNSError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return errs.Wrap(err, errs.Forbidden, "it leads to an address of a private network, which is refused: list the "+
			"network in the setting ingest.allow_networks if it is meant")
	case errors.Is(err, errRedirects):
		return errs.Wrap(err, errs.Invalid, "it redirects more than %d times: use the final address", redirects)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return errs.Wrap(err, errs.Unavailable, "the server takes longer than %s: try again later", f.timeout)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &dns):
		return errs.Wrap(err, errs.Unavailable, "the host name %s cannot be resolved: check the address", dns.Name)
	}
	return errs.Wrap(err, errs.Unavailable, "the server cannot be reached (%v): check the address and try again",
		cause(err))
}

// cause returns the innermost error, without the method and the address around it.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
