package llm

import (
	"strings"

	"github.com/pkoukk/tiktoken-go"
	loader "github.com/pkoukk/tiktoken-go-loader"
)

// encoding is a dictionary of tokens with the pattern that first splits text into words.
type encoding struct{ name, pattern string }

// encodingOf knows which models use the older dictionary; all newer ones, and in good approximation those of other
// makers, use the newer. The library's own list ends in 2025 and fails for names it does not know.
func encodingOf(model string) encoding {
	for _, prefix := range []string{"gpt-3.5", "gpt-35", "gpt-4-", "text-embedding-"} {
		if strings.HasPrefix(model, prefix) {
			return cl100k()
		}
	}
	if model == "gpt-4" {
		return cl100k()
	}
	return o200k()
}

func cl100k() encoding {
	return encoding{"cl100k_base", `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|` +
		` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`}
}

func o200k() encoding {
	const suffix = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
	const upper, lower = `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
	return encoding{"o200k_base", `[^\r\n\p{L}\p{N}]?` + upper + `*` + lower + `+` + suffix +
		`|[^\r\n\p{L}\p{N}]?` + upper + `+` + lower + `*` + suffix +
		`|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`}
}

// load builds the encoder. It does not go through the library's registry, whose loader is a global variable without a
// lock, and which fetches dictionaries from the internet if nobody has set it.
func (e encoding) load() (*tiktoken.Tiktoken, error) {
	ranks, err := loader.NewOfflineLoader().LoadTiktokenBpe(e.name + ".tiktoken")
	if err != nil {
		return nil, err
	}
	bpe, err := tiktoken.NewCoreBPE(ranks, map[string]int{}, e.pattern)
	if err != nil {
		return nil, err
	}
	return tiktoken.NewTiktoken(bpe, &tiktoken.Encoding{Name: e.name, PatStr: e.pattern, MergeableRanks: ranks}, nil), nil
}
