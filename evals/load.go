package evals

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"handrail/internal/errs"
)

// maxLine is the longest line read, in bytes: one document of a corpus is one line.
const maxLine = 16 << 20

// ReadJSONL reads one T per line and skips empty lines. Errors name the file and the line.
func ReadJSONL[T any](name string, r io.Reader) ([]T, error) {
	var rows []T
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxLine)
	n := 1
	for ; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" {
			continue
		}
		var row T
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, errs.Wrap(err, errs.Invalid, "%s, line %d is not the JSON expected here: %v", name, n, err)
		}
		rows = append(rows, row)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s, line %d: %w", name, n, err)
	}
	if len(rows) == 0 {
		return nil, errs.New(errs.Invalid, "%s is empty", name)
	}
	return rows, nil
}

// ReadQrels reads judgments in BEIR layout: a header line, then query id, document id and grade, separated by tabs.
func ReadQrels(name string, r io.Reader) (Qrels, error) {
	rel := Qrels{}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		fields := strings.Split(strings.TrimSpace(s.Text()), "\t")
		if n == 1 || (len(fields) == 1 && fields[0] == "") {
			continue
		}
		if len(fields) != 3 {
			return nil, errs.New(errs.Invalid, "%s, line %d: want query id, document id and score separated by tabs", name, n)
		}
		grade, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || math.IsNaN(grade) || math.IsInf(grade, 0) {
			return nil, errs.New(errs.Invalid, "%s, line %d: the score %q is not a number", name, n, fields[2])
		}
		if rel[fields[0]] == nil {
			rel[fields[0]] = map[string]float64{}
		}
		rel[fields[0]][fields[1]] = grade
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return rel, nil
}
