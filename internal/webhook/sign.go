package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// secretPrefix starts every secret, as Standard Webhooks has it.
const secretPrefix = "whsec_"

// Sign returns the header webhook-signature of a request: HMAC-SHA256 over id, timestamp (seconds since 1970) and body,
// joined by dots, in base64, after the version of the scheme.
func Sign(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// newSecret returns 256 random bits.
func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // crypto/rand.Read never fails; it ends the process instead
	return secret
}

// show writes a secret as its owner enters it elsewhere.
func show(secret []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(secret) }
