package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"handrail/internal/errs"
)

// post sends JSON and reads JSON. Errors are of the kind that the status stands for, so that the caller can tell what
// another try may mend ([errs.Unavailable], [errs.RateLimited]) from what it cannot.
func post(ctx context.Context, c *http.Client, url, cookie string, in, out any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "%q is not a server's URL", url)
	}
	r.Header.Set("Content-Type", "application/json")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	response, err := c.Do(r)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "the server does not answer")
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response, refusalOf(response)
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		return response, errs.Wrap(err, errs.Unavailable, "the server's answer was cut off")
	}
	return response, nil
}

// refusalOf reads a problem document.
func refusalOf(response *http.Response) error {
	var problem struct{ Detail string }
	_ = json.NewDecoder(response.Body).Decode(&problem) // a proxy's page has no detail: the status says enough
	kind := errs.Unavailable
	switch response.StatusCode {
	case http.StatusUnauthorized:
		kind = errs.Unauthenticated
	case http.StatusForbidden:
		kind = errs.Forbidden
	case http.StatusNotFound:
		kind = errs.NotFound
	case http.StatusTooManyRequests:
		kind = errs.RateLimited
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		kind = errs.Invalid
	}
	return errs.New(kind, "the server answered %s: %s", response.Status, problem.Detail)
}

// final reports whether trying again is of no use.
func final(err error) bool {
	switch errs.KindOf(err) {
	case errs.Invalid, errs.Forbidden, errs.NotFound, errs.Unauthenticated:
		return true
	}
	return false
}
