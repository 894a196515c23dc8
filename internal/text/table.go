package text

// Separator returns what parts the columns of a table, judged by its first line outside of quotes: a comma, a semicolon,
// as spreadsheets of many countries write it, or a tab.
func Separator(table string) rune {
	best, most, quoted := ',', 0, false
	counts := map[rune]int{}
	for _, r := range table {
		if r == '"' {
			quoted = !quoted
		} else if r == '\n' && !quoted {
			break
		} else if !quoted {
			counts[r]++
		}
	}
	for _, c := range []rune{',', ';', '\t'} {
		if counts[c] > most {
			best, most = c, counts[c]
		}
	}
	return best
}
