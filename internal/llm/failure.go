package llm

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"

	"handrail/internal/errs"
)

// failure is an error of one attempt with what follows from it. The public text of err is for the operator at the
// command line or in the log; visitors are never shown why a model failed.
type failure struct {
	err   error
	again bool          // another attempt may help
	count bool          // it speaks against the endpoint: the breaker counts it
	after time.Duration // the endpoint asked not to be called before this time has passed
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Causes that our own timers give to a cancelled context.
var (
	errIdle  = errors.New("the endpoint fell silent")
	errTotal = errors.New("the time for the whole answer is over")
)

// explain turns an error of the client library into a failure. ctx is the attempt's context.
func (e *endpoint) explain(ctx context.Context, err error) *failure {
	if ctx.Err() != nil {
		return e.interrupted(context.Cause(ctx))
	}
	// A body that is not the usual error object gives a RequestError that also matches APIError, but without status.
	var asRequest *openai.RequestError
	if errors.As(err, &asRequest) {
		return e.refused(ctx, asRequest.HTTPStatusCode, "", string(asRequest.Body))
	}
	var asAPI *openai.APIError
	if errors.As(err, &asAPI) && asAPI.HTTPStatusCode != 0 {
		code, _ := asAPI.Code.(string)
		return e.refused(ctx, asAPI.HTTPStatusCode, code, asAPI.Message)
	}
	var asURL *url.Error
	if errors.As(err, &asURL) {
		return e.unreachable(asURL.Err)
	}
	cut := incomplete(e.conceal(err.Error()), "the stream was cut or is not readable")
	return &failure{err: cut, again: true, count: true}
}

// interrupted explains the end of a context: our timers, the caller's deadline, or the caller's change of mind. A
// silent endpoint is not asked again, because the visitor has waited long enough.
func (e *endpoint) interrupted(cause error) *failure {
	if errors.Is(cause, context.Canceled) {
		return &failure{err: errs.Wrap(errors.Join(ErrIncomplete, cause), errs.Unavailable, "the question was withdrawn")}
	}
	return &failure{count: true, err: errs.Wrap(errors.Join(ErrIncomplete, cause), errs.Unavailable,
		"the model endpoint %s did not answer in time: check that it is well, or allow it more time", e.url)}
}

// unreachable explains why there was no HTTP response. Certificates do not mend themselves within a second.
func (e *endpoint) unreachable(cause error) *failure {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	permanent := errors.As(cause, &certificate) || errors.As(cause, &record) || errors.As(cause, &authority) ||
		errors.Is(cause, http.ErrSchemeMismatch) || errors.Is(cause, errNotAPI) || errors.Is(cause, errRedirect)
	return &failure{again: !permanent, count: true, err: errs.Wrap(e.conceal(cause.Error()), errs.Unavailable,
		"cannot reach the model endpoint %s: check %sBASE_URL", e.url, e.settings)}
}

// refused explains an HTTP status that is not a success.
func (e *endpoint) refused(ctx context.Context, status int, code, text string) *failure {
	said := e.conceal(text)
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return &failure{err: errs.Wrap(said, errs.Unavailable,
			"the model endpoint refused the key (%d): check %sAPI_KEY", status, e.settings)}
	case code == "context_length_exceeded" || status == http.StatusRequestEntityTooLarge:
		return &failure{err: errs.Wrap(said, errs.TooLarge, "the request is longer than model %q accepts", e.model)}
	case status == http.StatusNotFound || code == "model_not_found":
		return &failure{err: e.unknown(status, code, text)}
	case code == "insufficient_quota":
		return &failure{count: true, err: errs.Wrap(said, errs.Unavailable,
			"the account at the model endpoint %s has no quota left (%d)", e.url, status)}
	case status == http.StatusTooManyRequests:
		return e.later(ctx, &failure{count: true, err: errs.Wrap(said, errs.RateLimited,
			"the model endpoint %s takes no more requests at the moment (%d)", e.url, status)})
	case status == http.StatusRequestTimeout || status == http.StatusConflict || status >= 500:
		return e.later(ctx, &failure{count: true, err: errs.Wrap(said, errs.Unavailable,
			"the model endpoint %s failed (%d)", e.url, status)})
	default:
		return &failure{err: errs.Wrap(said, errs.Internal, "the model endpoint %s refused the request (%d)", e.url, status)}
	}
}

// unknown tells a wrong model from a wrong address, which both answer 404: only the former talks about a model.
func (e *endpoint) unknown(status int, code, text string) error {
	if code == "model_not_found" || strings.Contains(strings.ToLower(text), "model") {
		return errs.Wrap(e.conceal(text), errs.Unavailable,
			"the model endpoint %s does not know model %q (%d): check %sMODEL", e.url, e.model, status, e.settings)
	}
	return errs.Wrap(e.conceal(text), errs.Unavailable,
		"nothing answers at %s (%d): check %sBASE_URL", e.url, status, e.settings)
}

// later allows another attempt if the wait that the endpoint asks for is bearable and ends before the deadline.
func (e *endpoint) later(ctx context.Context, f *failure) *failure {
	if n := noteOf(ctx); n != nil {
		f.after = n.after
	}
	deadline, ok := ctx.Deadline()
	f.again = f.after <= e.retry.MaxWait && (!ok || time.Until(deadline) > f.after)
	return f
}

// maxSaid bounds how much of a foreign error text is kept, in bytes.
const maxSaid = 300

// conceal makes a cause of foreign text, without the key (endpoints are known to repeat it) and of bounded length.
func (e *endpoint) conceal(text string) error {
	if e.key != "" {
		text = strings.ReplaceAll(text, e.key, "(key)")
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + " ..."
	}
	return errors.New(text)
}
