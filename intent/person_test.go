package intent_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"handrail/intent"
)

//go:embed testdata/person.txt
var personCases string

func TestWantsPerson(t *testing.T) {
	t.Parallel()
	n := 0
	for line := range strings.Lines(personCases) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		want, message, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		require.True(t, ok && (want == "yes" || want == "no"), line)
		assert.Equal(t, want == "yes", intent.WantsPerson(message), message)
		n++
	}
	require.Greater(t, n, 80)
}

func FuzzWantsPerson(f *testing.F) {
	f.Add("I don’t want a bot, transfer me to a human")
	f.Add("不要机器人，转人工\xff")
	f.Fuzz(func(t *testing.T, s string) { intent.WantsPerson(s) })
}
