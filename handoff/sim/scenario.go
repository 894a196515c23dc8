package sim

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"handrail/handoff/routing"
	"handrail/internal/errs"
)

// Limits of a scenario.
const (
	maxLength = 31 * 24 * time.Hour
	maxAgents = 20_000
	maxPeople = 2_000_000 // visitors
)

// file is a scenario as people write it.
type file struct {
	Name     string        `yaml:"name"`
	Start    time.Time     `yaml:"start"`
	Length   time.Duration `yaml:"length"`
	Warmup   time.Duration `yaml:"warmup"`
	Target   time.Duration `yaml:"target"`
	Arrivals Arrivals      `yaml:"arrivals"`
	Kinds    []kindText    `yaml:"kinds"`
	Handling Distribution  `yaml:"handling"`
	Patience Distribution  `yaml:"patience"`
	Slowdown float64       `yaml:"slowdown"`
	Groups   []Group       `yaml:"groups"`
	Teams    []teamText    `yaml:"teams"`
	Rules    yaml.Node     `yaml:"routing_rules"`
}

type kindText struct {
	Name     string        `yaml:"name"`
	Share    float64       `yaml:"share"`
	Handling *Distribution `yaml:"handling"`

	Text       string            `yaml:"text"`
	Language   string            `yaml:"language"`
	Intent     string            `yaml:"intent"`
	Sentiment  string            `yaml:"sentiment"`
	Reason     string            `yaml:"reason"`
	Channel    string            `yaml:"channel"`
	Page       string            `yaml:"page"`
	Confidence float64           `yaml:"confidence"`
	Entities   map[string]string `yaml:"entities"`
	Attributes map[string]any    `yaml:"attributes"`
}

type teamText struct {
	Count     int            `yaml:"count"`
	Groups    []string       `yaml:"groups"`
	Shifts    []string       `yaml:"shifts"` // "08:00-16:30", on every day
	Capacity  int            `yaml:"capacity"`
	Skills    map[string]int `yaml:"skills"`
	Languages []string       `yaml:"languages"`
}

// Load reads a scenario in YAML. Errors are of kind errs.Invalid and say what to correct.
func Load(data []byte) (*Scenario, error) {
	f := file{Name: "scenario", Length: 24 * time.Hour, Target: 30 * time.Second, Patience: Distribution{Shape: "never"},
		Start: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errs.New(errs.Invalid, "the scenario is empty: sample/desk.yaml is one to start from")
		}
		return nil, errs.Wrap(err, errs.Invalid, "the scenario cannot be read: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	s := &Scenario{Name: f.Name, Start: f.Start, Length: f.Length, Warmup: f.Warmup, Target: f.Target, Arrivals: f.Arrivals,
		Handling: f.Handling, Patience: f.Patience, Slowdown: f.Slowdown, Groups: f.Groups}
	for _, k := range f.Kinds {
		s.Kinds = append(s.Kinds, k.kind())
	}
	if len(s.Kinds) == 0 {
		s.Kinds = []Kind{{Name: "all", Share: 1}}
	}
	if err := s.staff(f.Teams); err != nil {
		return nil, err
	}
	if err := s.rules(&f.Rules); err != nil {
		return nil, err
	}
	return s, s.check()
}

func (k kindText) kind() Kind {
	f := routing.Facts{Text: k.Text, Language: k.Language, Intent: k.Intent, Sentiment: k.Sentiment, Reason: k.Reason,
		Channel: k.Channel, Page: k.Page, Confidence: k.Confidence, Attributes: k.Attributes}
	for kind, value := range k.Entities {
		f.Entities = append(f.Entities, routing.Entity{Kind: kind, Value: value})
	}
	slices.SortFunc(f.Entities, func(a, b routing.Entity) int { return strings.Compare(a.Kind, b.Kind) })
	return Kind{Name: k.Name, Share: k.Share, Facts: f, Handling: k.Handling}
}

// rules are written in the scenario like anywhere else.
func (s *Scenario) rules(n *yaml.Node) error {
	if n.IsZero() {
		return nil
	}
	text, err := yaml.Marshal(map[string]*yaml.Node{"routing_rules": n})
	if err != nil {
		return fmt.Errorf("encode the rules of the scenario: %w", err)
	}
	known := routing.Known{Groups: []string{}}
	for _, g := range s.Groups {
		known.Groups = append(known.Groups, g.Name)
	}
	rules, problems := routing.Check(text, known)
	s.Rules = rules
	return routing.Invalid(problems)
}

// staff makes teams. Shifts hold on every day.
func (s *Scenario) staff(texts []teamText) error {
	for i, t := range texts {
		team := Team{Count: t.Count, Groups: t.Groups, Capacity: t.Capacity, Skills: t.Skills, Languages: t.Languages}
		for _, text := range t.Shifts {
			from, to, err := parseShift(text)
			if err != nil {
				return errs.New(errs.Invalid, "team %d: %v", i+1, err)
			}
			for day := time.Duration(0); day < s.Length; day += 24 * time.Hour {
				team.Shifts = append(team.Shifts, Shift{day + from, day + to})
			}
		}
		s.Teams = append(s.Teams, team)
	}
	return nil
}

// parseShift reads "08:00-16:30". A shift that ends before it begins ends on the next day.
func parseShift(text string) (from, to time.Duration, err error) {
	first, last, _ := strings.Cut(text, "-")
	if from, err = parseClock(first); err == nil {
		to, err = parseClock(last)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("the shift %q is not a time from 00:00 to 24:00, such as 08:00-16:30", text)
	}
	if to <= from {
		to += 24 * time.Hour
	}
	return from, to, nil
}

func parseClock(text string) (time.Duration, error) {
	hour, minute, _ := strings.Cut(strings.TrimSpace(text), ":")
	h, err := strconv.Atoi(hour)
	m, alsoErr := strconv.Atoi(minute)
	if err != nil || alsoErr != nil || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, errors.New("no time")
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// check refuses what cannot be played.
func (s *Scenario) check() error {
	wrong := func(format string, args ...any) error { return errs.New(errs.Invalid, format, args...) }
	agents, shares, people := 0, 0.0, 0.0
	for i, t := range s.Teams {
		agents += t.Count
		if t.Count < 0 || t.Capacity < 1 || t.Capacity > 1000 {
			return wrong("team %d: count must be 0 or more and capacity from 1 to 1000", i+1)
		}
	}
	for i, k := range s.Kinds {
		shares += k.Share
		if !(k.Share >= 0) {
			return wrong("kind %d: the share must be 0 or more", i+1)
		}
		if k.Handling != nil {
			if err := k.Handling.check("handling of kind " + k.Name); err != nil {
				return err
			}
		}
	}
	for _, n := range s.Arrivals.PerHour {
		if !(n >= 0) || math.IsInf(n, 0) {
			return wrong("arrivals: per_hour must hold numbers of 0 or more")
		}
	}
	for i, b := range s.Arrivals.Bursts {
		if b.For < time.Minute || !(b.Extra >= 0) {
			return wrong("burst %d: it must go on for a minute at least and bring 0 or more", i+1)
		}
	}
	if s.Length < time.Hour || s.Length > maxLength {
		return wrong("the length must be from 1h to %v", maxLength)
	}
	for at := time.Duration(0); at < s.Length; at += time.Minute {
		people += s.rate(at) * 60
	}
	switch {
	case !(shares > 0):
		return wrong("the shares of the kinds must add up to more than 0")
	case agents > maxAgents:
		return wrong("there are %d agents, and may be %d", agents, maxAgents)
	case people > maxPeople:
		return wrong("%.0f visitors are expected, and may be %d", people, maxPeople)
	case s.Slowdown < 0 || s.Slowdown > 10:
		return wrong("the slowdown must be from 0 to 10")
	}
	if err := s.Handling.check("handling"); err != nil {
		return err
	}
	return s.Patience.check("patience")
}

// LoadReplay reads past visits from CSV with the columns at (RFC 3339, or seconds after the start), and if they are
// there handling_s and kind, a name of the scenario. The first visit's hour is the start if times are dates.
func (s *Scenario) LoadReplay(r io.Reader) error {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "the visits cannot be read: %v", err)
	}
	if len(rows) < 2 || !slices.Contains(rows[0], "at") {
		return errs.New(errs.Invalid, "the visits need a first line with the columns at, handling_s and kind, and lines below it")
	}
	if len(rows) > maxPeople {
		return errs.New(errs.Invalid, "there are %d visits, and may be %d", len(rows)-1, maxPeople)
	}
	var list []Visit
	for i, row := range rows[1:] {
		v, err := s.visit(rows[0], row, i == 0)
		if err != nil {
			return errs.New(errs.Invalid, "line %d: %v", i+2, err)
		}
		list = append(list, v)
	}
	slices.SortStableFunc(list, func(a, b Visit) int { return int(a.At - b.At) })
	s.Arrivals.Replay = list
	s.Length = max(s.Length, list[len(list)-1].At.Truncate(time.Hour)+time.Hour)
	return nil
}

// visit reads one line.
func (s *Scenario) visit(head, row []string, first bool) (v Visit, err error) {
	for i, name := range head {
		switch name {
		case "at":
			v.At, err = s.moment(row[i], first)
		case "handling_s":
			if row[i] != "" {
				v.Handling, err = parseSeconds(row[i])
			}
		case "kind":
			v.Kind = slices.IndexFunc(s.Kinds, func(k Kind) bool { return k.Name == row[i] })
			if v.Kind < 0 {
				err = fmt.Errorf("the scenario has no kind %q", row[i])
			}
		}
		if err != nil {
			return v, err
		}
	}
	return v, nil
}

// moment reads a time; the first date moves the scenario's start to its hour.
func (s *Scenario) moment(text string, first bool) (time.Duration, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if first {
			s.Start = at.Truncate(time.Hour)
		}
		if d := at.Sub(s.Start); d >= 0 && d <= maxLength {
			return d, nil
		}
		return 0, fmt.Errorf("%s is before the first visit or more than %v after it: sort the visits", text, maxLength)
	}
	return parseSeconds(text)
}

func parseSeconds(text string) (time.Duration, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0) || n > maxLength.Seconds() {
		return 0, fmt.Errorf("%q is no number of seconds up to %.0f", text, maxLength.Seconds())
	}
	return time.Duration(n * float64(time.Second)), nil
}
