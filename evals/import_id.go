package evals

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
)

// newID names a case by what it asks, so that it keeps its name when others come and go. The same question again gets a
// number.
func (in *imported) newID(c Case) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{c.Question}, c.History...), "\x00")))
	id := "q-" + hex.EncodeToString(sum[:5])
	for n := 2; in.ids[id]; n++ {
		id = fmt.Sprintf("q-%s-%d", hex.EncodeToString(sum[:5]), n)
	}
	return id
}

// baseName is the name of a file without folder and ending.
func baseName(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimSuffix(base, path.Ext(base))
}
