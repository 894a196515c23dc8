package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/text"
)

func words(n int, word string) string { return strings.TrimSpace(strings.Repeat(word+" ", n)) }

func passagesOf(t *testing.T, src string) []string {
	t.Helper()
	p, err := loadMarkdown(src)
	require.NoError(t, err)
	var out []string
	for _, ps := range split(p) {
		out = append(out, fmt.Sprintf("%s|%s|%s", strings.Join(ps.HeadingPath, ">"), ps.Question, ps.Text))
	}
	return out
}

func TestSplitMergesSmallNeighbours(t *testing.T) {
	t.Parallel()
	long := words(165, "parcel")
	require.Equal(t, []string{
		"||" + long,
		"Fees||Who pays.\n\n**EU**\n\nFive.\n\n**US**\n\nNine.",
		"Times||" + long,
		"||**Returns**\n\nSend it.\n\n**Gifts**\n\nKeep it.",
	}, passagesOf(t, "# Delivery\n\n"+long+"\n\n## Fees\n\nWho pays.\n\n### EU\n\nFive.\n\n### US\n\nNine.\n\n## Times\n\n"+
		long+"\n\n## Returns\n\nSend it.\n\n## Gifts\n\nKeep it.\n\n"))
}

func TestSplitKeepsQuestionsApart(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"Is it free?|Is it free?|Yes.",
		"2. 可以退货吗|可以退货吗|可以。\n\n**Detail**\n\nWithin a week.",
		"Other||Text.",
	}, passagesOf(t, "# FAQ\n\n## Is it free?\n\nYes.\n\n## 2. 可以退货吗\n\n可以。\n\n### Detail\n\nWithin a week.\n\n## Other\n\nText."))
	require.Equal(t, []string{"|How do I pay?|By card."}, passagesOf(t, "# How do I pay?\n\nBy card."))
}

func TestSplitLeavesOutWhatSaysNothing(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"||Text."}, passagesOf(t, "# T\n\nText.\n\n"+
		"## What do I need?\n\n![A box](box.png)\n\n## Is there more?\n\n- [Fees](fees.md)\n- [Times](times.md)\n"))
	require.Equal(t, []string{"||- Fees\n- Times"}, passagesOf(t, "# T\n\n- [Fees](fees.md)\n- [Times](times.md)\n"))
}

func TestSplitCutsLongParts(t *testing.T) {
	t.Parallel()
	var table, list, lines strings.Builder
	for i := range 200 {
		fmt.Fprintf(&table, "| region %d | fee %d |\n", i, i)
		fmt.Fprintf(&list, "- item number %d of a long list\n", i)
		fmt.Fprintf(&lines, "line number %d of a long example\n", i)
	}
	t.Run("every row of a table names its columns", func(t *testing.T) {
		t.Parallel()
		ps := passagesOf(t, "| Region | Fee |\n|---|---|\n"+table.String())
		require.Greater(t, len(ps), 5)
		for _, p := range ps {
			require.Regexp(t, `^\|\|Region: region \d+; Fee: fee \d+`, p)
		}
	})
	t.Run("a list is cut between items", func(t *testing.T) {
		t.Parallel()
		for _, p := range passagesOf(t, list.String()) {
			require.Regexp(t, `^\|\|- item number (?s:.*) of a long list$`, p)
		}
	})
	t.Run("code keeps its fences", func(t *testing.T) {
		t.Parallel()
		ps := passagesOf(t, "```sh\n"+lines.String()+"```")
		require.Greater(t, len(ps), 3)
		for _, p := range ps {
			require.Regexp(t, "^\\|\\|```\nline number \\d+ (?s:.*) example\n```$", p)
		}
	})
	t.Run("an example that fits stays whole", func(t *testing.T) {
		t.Parallel()
		require.Len(t, passagesOf(t, "```\n"+words(400, "run")+"\n```"), 1)
	})
	t.Run("parts of a paragraph share a sentence", func(t *testing.T) {
		t.Parallel()
		var sb strings.Builder
		for i := range 100 {
			fmt.Fprintf(&sb, "This is sentence number %d. ", i)
		}
		ps := passagesOf(t, sb.String())
		require.Greater(t, len(ps), 1)
		first := ps[0][strings.LastIndex(ps[0], "This"):]
		require.True(t, strings.HasPrefix(ps[1], "||"+first), "%q does not begin with %q", ps[1], first)
	})
	t.Run("text without spaces", func(t *testing.T) {
		t.Parallel()
		for _, p := range passagesOf(t, strings.Repeat("退", 1000)+strings.Repeat("x", 5000)) {
			require.LessOrEqual(t, tokens(p), largest+smallest)
		}
	})
}

func TestSplitKeepsAnAnnouncementWithItsList(t *testing.T) {
	t.Parallel()
	ps := passagesOf(t, words(165, "parcel")+".\n\nBring these:\n\n- "+words(100, "card"))
	require.Len(t, ps, 2)
	require.True(t, strings.HasPrefix(ps[1], "||Bring these:\n\n- card"))
}

// TestSplitLosesNothing checks for any document that the passages stand in order, within the text and within the size,
// and that each word of the text stands in one of them or in its headings.
func TestSplitLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, err := loadMarkdown(document(t))
		require.NoError(t, err)
		seen := map[string]bool{}
		from := 0
		for i, ps := range split(p) {
			require.Equal(t, i, ps.Ordinal)
			require.GreaterOrEqual(t, ps.Start, from)
			require.Greater(t, ps.End, ps.Start)
			require.LessOrEqual(t, ps.End, len(p.text))
			require.Contains(t, ps.Text, strings.TrimSpace(p.text[ps.Start:ps.End]))
			require.LessOrEqual(t, tokens(ps.Text), largestCode+smallest)
			from = ps.Start
			for _, w := range text.Words(ps.Text + " " + strings.Join(ps.HeadingPath, " ") + " " + ps.Title) {
				seen[w] = true
			}
		}
		for _, w := range text.Words(p.text) {
			require.True(t, seen[w], "the word %q is in no passage", w)
		}
	})
}

// document draws a document whose every section has text, because a heading without text is left out on purpose.
func document(t *rapid.T) string {
	var sb strings.Builder
	number := 0
	sentence := func(n int) string {
		number++
		return fmt.Sprintf("w%d %s 第%d句。", number, words(n, fmt.Sprintf("v%d", number)), number)
	}
	for range rapid.IntRange(1, 12).Draw(t, "blocks") {
		size := rapid.SampledFrom([]int{1, 10, 60, 200, 900}).Draw(t, "size")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			level := rapid.IntRange(1, 4).Draw(t, "level")
			fmt.Fprintf(&sb, "%s Heading %s\n\n%s\n\n", strings.Repeat("#", level), sentence(1), sentence(size))
		case 1:
			fmt.Fprintf(&sb, "- %s\n  - %s\n- %s\n\n", sentence(size), sentence(3), sentence(size))
		case 2:
			fmt.Fprintf(&sb, "| A%d | B |\n|---|---|\n| %s | %s |\n\n", number, sentence(size), sentence(2))
		case 3:
			fmt.Fprintf(&sb, "```\n%s\n\n%s\n```\n\n", sentence(size), strings.Repeat(sentence(4)+"\n", size/10))
		case 4:
			fmt.Fprintf(&sb, "%s Please note:\n\n", strings.Repeat(sentence(8), size/8+1))
		default:
			fmt.Fprintf(&sb, "<p>%s</p>\n\n", sentence(size))
		}
	}
	return sb.String()
}
