package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"handrail/internal/auth"
	"handrail/internal/errs"
)

// jwt signs claims as a site does.
func jwt(header string, claims any, secret string) string {
	body, _ := json.Marshal(claims)
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

func TestParseIdentity(t *testing.T) {
	t.Parallel()
	now := time.Now()
	type m = map[string]any
	with := func(changes m) m {
		claims := m{"sub": "u-1", "name": "Ada", "email": "ada@example.com", "aud": "handrail", "exp": now.Add(time.Hour).Unix()}
		for k, v := range changes {
			claims[k] = v
		}
		return claims
	}
	deep := json.RawMessage(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))
	good := jwt(hs256, with(nil), "new")
	for name, tt := range map[string]struct {
		token string
		ok    bool
	}{
		"good":                            {good, true},
		"signed with the older secret":    {jwt(hs256, with(nil), "old"), true},
		"several audiences":               {jwt(hs256, with(m{"aud": []string{"shop", "handrail"}}), "new"), true},
		"attributes":                      {jwt(hs256, with(m{"attributes": m{"plan": "gold", "age": 3, "new": true}}), "new"), true},
		"issued now":                      {jwt(hs256, with(m{"iat": now.Unix(), "nbf": now.Unix()}), "new"), true},
		"a clock a little ahead":          {jwt(hs256, with(m{"iat": now.Add(30 * time.Second).Unix()}), "new"), true},
		"another secret":                  {jwt(hs256, with(nil), "other"), false},
		"no secret":                       {jwt(hs256, with(nil), ""), false},
		"no algorithm":                    {jwt(`{"alg":"none"}`, with(nil), "new"), false},
		"no algorithm, no signature":      {jwt(`{"alg":"none"}`, with(nil), "new")[:len(jwt(`{"alg":"none"}`, with(nil), "new"))-43], false},
		"another algorithm":               {jwt(`{"alg":"HS512"}`, with(nil), "new"), false},
		"a public key as secret":          {jwt(`{"alg":"RS256"}`, with(nil), "new"), false},
		"the algorithm in other letters":  {jwt(`{"alg":"hs256"}`, with(nil), "new"), false},
		"a critical extension":            {jwt(`{"alg":"HS256","crit":["b64"],"b64":false}`, with(nil), "new"), false},
		"tampered":                        {strings.Replace(good, ".", ".A", 1), false},
		"expired":                         {jwt(hs256, with(m{"exp": now.Add(-time.Second).Unix()}), "new"), false},
		"no end":                          {jwt(hs256, with(m{"exp": nil}), "new"), false},
		"an end that is no number":        {jwt(hs256, with(m{"exp": "tomorrow"}), "new"), false},
		"an end beyond all numbers":       {jwt(hs256, with(m{"exp": json.Number("1e308")}), "new"), false},
		"valid for a week":                {jwt(hs256, with(m{"exp": now.Add(7 * 24 * time.Hour).Unix()}), "new"), false},
		"issued for a week":               {jwt(hs256, with(m{"iat": now.Add(-6 * 24 * time.Hour).Unix()}), "new"), false},
		"issued in the future":            {jwt(hs256, with(m{"iat": now.Add(5 * time.Minute).Unix()}), "new"), false},
		"not valid yet":                   {jwt(hs256, with(m{"nbf": now.Add(5 * time.Minute).Unix()}), "new"), false},
		"no audience":                     {jwt(hs256, with(m{"aud": nil}), "new"), false},
		"another audience":                {jwt(hs256, with(m{"aud": "handrails"}), "new"), false},
		"no subject":                      {jwt(hs256, with(m{"sub": ""}), "new"), false},
		"a subject that is a number":      {jwt(hs256, with(m{"sub": 7}), "new"), false},
		"a subject with a NUL":            {jwt(hs256, with(m{"sub": "a\x00b"}), "new"), false},
		"a long subject":                  {jwt(hs256, with(m{"sub": strings.Repeat("a", 201)}), "new"), false},
		"nested attributes":               {jwt(hs256, with(m{"attributes": m{"a": m{"b": 1}}}), "new"), false},
		"an attribute with a NUL":         {jwt(hs256, with(m{"attributes": m{"a": "\x00"}}), "new"), false},
		"an attribute beyond all numbers": {jwt(hs256, with(m{"attributes": m{"a": json.Number("1e999")}}), "new"), false},
		"100k deep":                       {jwt(hs256, with(m{"attributes": deep}), "new"), false},
		"empty":                           {"", false},
		"two parts":                       {"a.b", false},
		"four parts":                      {good + ".x", false},
		"padded":                          {good + "=", false},
		"very long":                       {strings.Repeat("a", 9000), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, err := auth.ParseIdentity(tt.token, [][]byte{[]byte("old"), []byte("new")}, now)
			if tt.ok {
				require.NoError(t, err)
				require.Equal(t, "u-1", id.Sub)
				return
			}
			require.Equal(t, errs.Unauthenticated, errs.KindOf(err), "%+v", id)
		})
	}
}

func TestAnIdentityNeedsASecret(t *testing.T) {
	t.Parallel()
	claims := map[string]any{"sub": "u-1", "aud": "handrail", "exp": time.Now().Add(time.Hour).Unix()}
	_, err := auth.ParseIdentity(jwt(hs256, claims, ""), nil, time.Now())
	require.Equal(t, errs.Unauthenticated, errs.KindOf(err))
}

func FuzzParseIdentity(f *testing.F) {
	now := time.Now()
	claims := map[string]any{"sub": "u-1", "aud": "handrail", "exp": now.Add(time.Hour).Unix()}
	good := jwt(hs256, claims, "key")
	f.Add(good)
	f.Add("..")
	f.Add(jwt(`{"alg":"none"}`, claims, "key"))
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := auth.ParseIdentity(token, [][]byte{[]byte("key")}, now); err == nil {
			require.Equal(t, good, token, "only what was signed is accepted")
		} else {
			require.Equal(t, errs.Unauthenticated, errs.KindOf(err))
		}
	})
}

// FuzzIdentityClaims signs whatever it is given: what lies behind the signature must not break anything either.
func FuzzIdentityClaims(f *testing.F) {
	f.Add([]byte(`{"sub":"u","aud":["handrail"],"exp":1e10,"attributes":{"a":1}}`))
	f.Fuzz(func(t *testing.T, claims []byte) {
		id, err := auth.ParseIdentity(jwt(hs256, json.RawMessage(claims), "key"), [][]byte{[]byte("key")}, time.Now())
		if err != nil {
			require.Equal(t, errs.Unauthenticated, errs.KindOf(err))
			return
		}
		require.NotEmpty(t, id.Sub)
		require.True(t, id.Attributes == nil || json.Valid(id.Attributes))
	})
}
