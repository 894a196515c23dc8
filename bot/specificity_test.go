package bot

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsAskedOfAThingMakesAMessageSpecific(t *testing.T) {
	t.Parallel()
	for message, wanted := range map[string]bool{
		"How long does delivery take?": true,
		"怎么退货":                         true,
		"delivery":                     false,
		"how long does it take?":       false,
		"怎么洗？":                         false,
	} {
		require.Equal(t, wanted, specificityOf(message).total() > vague, message)
	}
}
