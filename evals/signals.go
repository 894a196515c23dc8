package evals

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"strings"

	"handrail/intent"
	"handrail/internal/errs"
)

// SignalScore says how well one signal is read off the messages of one labelled set. Shares are in [0, 1].
type SignalScore struct {
	Signal    string   `json:"signal"` // "person", "anger", "dissatisfied", or "entities" and a kind
	Set       string   `json:"set"`    // file or split
	N         int      `json:"n"`      // messages; of a kind of entity, the entities labelled
	Precision float64  `json:"precision"`
	Recall    float64  `json:"recall"`
	F1        float64  `json:"f1"`
	Misses    []string `json:"misses,omitempty"` // one sentence for every message that is read wrongly

	hits, wrong, missed int
}

// settle computes the shares. Nothing found is a precision of 1, nothing to find a recall of 1.
func (s *SignalScore) settle() {
	share := func(part, rest int) float64 {
		if part+rest == 0 {
			return 1
		}
		return round(float64(part) / float64(part+rest))
	}
	s.Precision, s.Recall = share(s.hits, s.wrong), share(s.hits, s.missed)
	s.F1 = share(2*s.hits, s.wrong+s.missed)
}

// Signal scores a yes or no about messages. The set has one message on a line, "yes<TAB>message" or "no<TAB>message";
// lines that begin with # are comments.
func Signal(signal, set string, r io.Reader, says func(message string) bool) (SignalScore, error) {
	score := SignalScore{Signal: signal, Set: set}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		want, message, ok := strings.Cut(lines.Text(), "\t")
		if !ok || want != "yes" && want != "no" {
			return score, errs.New(errs.Invalid, "%s:%d: a line is \"yes\" or \"no\", a tab and the message", set, n)
		}
		score.N++
		switch got := says(message); {
		case got && want == "yes":
			score.hits++
		case got:
			score.wrong++
			score.Misses = append(score.Misses, "found, but is not there: "+message)
		case want == "yes":
			score.missed++
			score.Misses = append(score.Misses, "not found: "+message)
		}
	}
	score.settle()
	return score, lines.Err()
}

// Signals scores the sets of a folder: entities.jsonl, person.txt, anger.txt and dissatisfied.txt. A part of a set that
// rules were not tuned on is a file of its own, such as person_held.txt. Sets that the folder lacks are left out.
func Signals(dir fs.FS) ([]SignalScore, error) {
	var out []SignalScore
	for _, s := range []struct {
		name string
		says func(string) bool
	}{
		{"person", intent.WantsPerson},
		{"anger", func(s string) bool { return intent.Anger(s) > 0.5 }},
		{"dissatisfied", func(s string) bool { return intent.Dissatisfied(s) >= 0.5 }},
	} {
		for _, file := range []string{s.name + ".txt", s.name + "_held.txt"} {
			err := open(dir, file, func(r io.Reader) error {
				score, err := Signal(s.name, file, r, s.says)
				out = append(out, score)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	err := open(dir, "entities.jsonl", func(r io.Reader) error {
		scores, err := Entities("entities.jsonl", r)
		out = append(out, scores...)
		return err
	})
	if err == nil && len(out) == 0 {
		err = errs.New(errs.Invalid, "the folder has no set: it needs entities.jsonl, person.txt, anger.txt or dissatisfied.txt")
	}
	return out, err
}

// open reads a file of a folder, if it is there.
func open(dir fs.FS, name string, read func(io.Reader) error) error {
	f, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "cannot read %s", name)
	}
	defer f.Close()
	return read(f)
}
