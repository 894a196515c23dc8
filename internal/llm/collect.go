package llm

import (
	"iter"
	"strings"
)

func collect(answer iter.Seq2[Delta, error], schema []byte) (string, Usage, error) {
	var text strings.Builder
	var last Delta
	for d, err := range answer {
		if err != nil {
			return "", Usage{}, err
		}
		text.WriteString(d.Text)
		last = d
	}
	var usage Usage
	if last.Usage != nil {
		usage = *last.Usage
	}
	if last.Finish != FinishStop {
		return "", usage, incomplete(nil, "finish reason "+last.Finish)
	}
	return text.String(), usage, nil
}
