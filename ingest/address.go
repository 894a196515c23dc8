package ingest

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// The bounds of an address that a crawl follows. Sites that make up addresses without end do it by growing paths and
// by combining parameters.
const (
	maxSegments   = 16
	maxParameters = 3
	maxQueryBytes = 200
	maxVariants   = 200 // queries of one path
)

var errAddress = errors.New("no address of a page")

// tracking are parameters that say where a reader came from, and never what a page holds.
var tracking = []string{"gclid", "fbclid", "msclkid", "mc_cid", "mc_eid", "phpsessid", "jsessionid", "sid", "sessionid"}

// normalise brings the addresses of one page into one form: no fragment, no default port, no tracking.
func normalise(u *url.URL) error {
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	web := u.Scheme == "http" || u.Scheme == "https"
	if !web || u.Hostname() == "" || u.User != nil || len(u.String()) > maxAddressBytes {
		return errAddress
	}
	if port := u.Port(); (u.Scheme == "http" && port == "80") || (u.Scheme == "https" && port == "443") {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	u.Fragment, u.RawFragment, u.ForceQuery = "", "", false
	if u.Path == "" {
		u.Path = "/"
	}
	if u.RawQuery != "" {
		u.RawQuery = escaped(withoutTracking(u.RawQuery))
	}
	return nil
}

func withoutTracking(query string) string {
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool {
		key, _, _ := strings.Cut(strings.ToLower(part), "=")
		return part == "" || strings.HasPrefix(key, "utm_") || slices.Contains(tracking, key)
	})
	return strings.Join(parts, "&")
}

// escaped writes the bytes of a query that no address may hold as browsers do. A path is written so by net/url, but a
// query is kept as the page has it.
func escaped(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// siteName is what the addresses of one site share. Many sites answer with and without www.
func siteName(u *url.URL) string { return strings.TrimPrefix(u.Host, "www.") }

// endless reports whether an address looks like one of those that a site makes up without end.
func endless(u *url.URL) bool {
	if len(u.RawQuery) > maxQueryBytes || strings.Count(u.RawQuery, "&") >= maxParameters {
		return true
	}
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(segments) > maxSegments {
		return true
	}
	times := map[string]int{}
	for _, s := range segments {
		if times[s]++; times[s] > 3 {
			return true // /a/b/a/b/a/b: a relative link that leads ever deeper
		}
	}
	return false
}

// worthless reports whether an address names a picture, a style or another file that holds no prose.
func worthless(u *url.URL) bool {
	return path.Ext(u.Path) != "" && formatOf(path.Base(u.Path)) == formatIgnored
}
