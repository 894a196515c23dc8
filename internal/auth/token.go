package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"handrail/internal/errs"
)

// Bounds of identity tokens.
const (
	IdentityAudience = "handrail"
	IdentityLife     = 24 * time.Hour // the longest time to live
	maxIdentity      = 8 << 10        // bytes of a token
	maxSubject       = 200            // characters
	maxAttributes    = 50
	clockSkew        = time.Minute // by which the site's clock may be ahead
)

// Identity is what a site says about the person in front of its page.
type Identity struct {
	Sub         string // the site's own name for the person; never changes
	Name, Email string
	Attributes  json.RawMessage // an object of texts, numbers and booleans; nil = none
}

// claims are the parts of a token that are read; others are ignored.
type claims struct {
	Sub        string          `json:"sub"`
	Name       string          `json:"name"`
	Email      string          `json:"email"`
	Attributes map[string]any  `json:"attributes"`
	Audience   json.RawMessage `json:"aud"`
	Expires    *json.Number    `json:"exp"`
	NotBefore  *json.Number    `json:"nbf"`
	Issued     *json.Number    `json:"iat"`
}

// ParseIdentity checks a JSON Web Token (RFC 7519) and returns whom it speaks of. Only HMAC with SHA-256 is accepted,
// whatever the token's header proposes; the audience must be [IdentityAudience], and the token must expire within
// [IdentityLife]. Errors are of kind [errs.Unauthenticated] and say what is wrong.
func ParseIdentity(token string, secrets [][]byte, now time.Time) (Identity, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxIdentity || len(parts) != 3 {
		return Identity{}, untrusted("it is not a signed token of three parts and at most %d bytes", maxIdentity)
	}
	var header struct {
		Alg  string          `json:"alg"`
		Crit json.RawMessage `json:"crit"`
	}
	if !decodePart(parts[0], &header) || header.Alg != "HS256" || header.Crit != nil {
		return Identity{}, untrusted("its header must name the algorithm HS256 and no critical extension")
	}
	if !signed(parts[0]+"."+parts[1], parts[2], secrets) {
		return Identity{}, untrusted("it is not signed with an identity secret of this workspace")
	}
	var c claims
	if !decodePart(parts[1], &c) {
		return Identity{}, untrusted("its claims are not the JSON expected here")
	}
	if err := c.check(now); err != nil {
		return Identity{}, err
	}
	return c.identity()
}

// signed reports whether any of the secrets made the signature. All are tried, so that the time tells nothing.
func signed(text, signature string, secrets [][]byte) bool {
	given, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil {
		return false
	}
	ok := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(text))
		ok = hmac.Equal(mac.Sum(nil), given) || ok
	}
	return ok
}

func decodePart(part string, into any) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || !utf8.Valid(b) {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode(into) == nil && !dec.More()
}

// check holds the claims against the clock and the audience.
func (c claims) check(now time.Time) error {
	expires, ok := moment(c.Expires)
	issued, issuedOK := moment(c.Issued)
	from, fromOK := moment(c.NotBefore)
	switch {
	case !c.meant():
		return untrusted("its audience (aud) must be %q", IdentityAudience)
	case !ok || !now.Before(expires):
		return untrusted("it has expired (exp), or does not say when it does: make a new one")
	case expires.Sub(now) > IdentityLife+clockSkew:
		return untrusted("it is valid for more than %d hours (exp): make it expire sooner", IdentityLife/time.Hour)
	case c.Issued != nil && (!issuedOK || issued.After(now.Add(clockSkew)) || expires.Sub(issued) > IdentityLife):
		return untrusted("it was issued (iat) in the future, or for more than %d hours", IdentityLife/time.Hour)
	case c.NotBefore != nil && (!fromOK || from.After(now.Add(clockSkew))):
		return untrusted("it is not valid yet (nbf)")
	}
	return nil
}

// meant reports whether the audience, one or several, names this product.
func (c claims) meant() bool {
	var one string
	if json.Unmarshal(c.Audience, &one) == nil {
		return one == IdentityAudience
	}
	var many []string
	return json.Unmarshal(c.Audience, &many) == nil && slices.Contains(many, IdentityAudience)
}

// moment reads seconds since 1970, with or without a fraction.
func moment(n *json.Number) (time.Time, bool) {
	if n == nil {
		return time.Time{}, false
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

func (c claims) identity() (Identity, error) {
	plain := func(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
	if c.Sub == "" || utf8.RuneCountInString(c.Sub) > maxSubject || strings.ContainsFunc(c.Sub, plain) {
		return Identity{}, untrusted("its subject (sub) must have 1 to %d characters and no control characters", maxSubject)
	}
	if len(c.Attributes) > maxAttributes {
		return Identity{}, untrusted("it has more than %d attributes", maxAttributes)
	}
	for name, value := range c.Attributes {
		if !storable(name) || !storable(value) {
			return Identity{}, untrusted("the attribute %q must be text without control characters, number or boolean", name)
		}
	}
	id := Identity{Sub: c.Sub, Name: c.Name, Email: c.Email}
	if len(c.Attributes) > 0 {
		id.Attributes, _ = json.Marshal(c.Attributes) // texts, numbers and booleans always encode
	}
	return id, nil
}

// storable reports whether an attribute can be kept and compared: no nesting, and numbers that a float can hold.
func storable(value any) bool {
	switch v := value.(type) {
	case string:
		return !strings.ContainsFunc(v, unicode.IsControl)
	case json.Number:
		_, err := v.Float64()
		return err == nil
	case bool:
		return true
	}
	return false
}

func untrusted(format string, args ...any) error {
	return errs.New(errs.Unauthenticated, "the identity token is refused: "+format, args...)
}
