// Package hours says when a desk is open. It is pure: a schedule and a moment in, an answer out.
//
// A schedule is written in the wall-clock time of a place. The package guarantees that a span opens and closes at that
// wall-clock time on every day of the year, also on the days when clocks change: the length of such a span is then an
// hour more or less. A wall-clock time that the change skips is taken an hour later.
//
// There are no tables.
package hours

import (
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // machines without a database of time zones know them too

	"handrail/internal/errs"
)

// horizon is how many days ahead an opening is looked for: a year and its holidays.
const horizon = 400

// Schedule is the opening hours of one desk.
type Schedule struct {
	Name     string    `json:"name"`
	Timezone string    `json:"timezone"` // IANA, such as Europe/Berlin
	Week     []Span    `json:"week"`
	Holidays []Holiday `json:"holidays"`
}

// Span is a time of one weekday at which the desk is open. One whose To is not after From ends on the next day, and
// belongs to the day on which it began.
type Span struct {
	Day  string `json:"day"`  // mon, tue, wed, thu, fri, sat or sun
	From string `json:"from"` // HH:MM, 00:00 to 23:59
	To   string `json:"to"`   // HH:MM, 00:01 to 24:00
}

// Holiday is a day on which no span begins.
type Holiday struct {
	Date string `json:"date"` // YYYY-MM-DD
	Name string `json:"name"`
}

// Calendar is a schedule that has been checked.
type Calendar struct {
	zone     *time.Location
	week     map[time.Weekday][]span
	holidays map[string]bool
}

// span counts minutes from midnight of its day.
type span struct{ from, to int }

// Parse checks a schedule. Errors are of kind errs.Invalid and name the field.
func Parse(s Schedule) (*Calendar, error) {
	if strings.TrimSpace(s.Name) == "" {
		return nil, errs.New(errs.Invalid, "the hours have no name")
	}
	zone, err := time.LoadLocation(s.Timezone)
	if err != nil || s.Timezone == "" || s.Timezone == "Local" {
		return nil, errs.New(errs.Invalid, "hours %q: there is no time zone %q: write it like Europe/Berlin", s.Name, s.Timezone)
	}
	c := &Calendar{zone: zone, week: map[time.Weekday][]span{}, holidays: map[string]bool{}}
	for i, w := range s.Week {
		day := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, w.Day)
		if day < 0 {
			return nil, errs.New(errs.Invalid, "hours %q, span %d: there is no day %q: use mon, tue, wed, thu, fri, sat or sun",
				s.Name, i+1, w.Day)
		}
		parsed, err := parseSpan(w)
		if err != nil {
			return nil, errs.New(errs.Invalid, "hours %q, span %d (%s): %s", s.Name, i+1, w.Day, errs.Public(err))
		}
		c.week[time.Weekday(day)] = append(c.week[time.Weekday(day)], parsed)
	}
	for i, h := range s.Holidays {
		if _, err := time.Parse(time.DateOnly, h.Date); err != nil {
			return nil, errs.New(errs.Invalid, "hours %q, holiday %d: %q is not a date: write it like 2027-01-01", s.Name, i+1, h.Date)
		}
		c.holidays[h.Date] = true
	}
	return c, nil
}

func parseSpan(w Span) (s span, err error) {
	if s.from, err = minutes(w.From); err != nil {
		return s, err
	}
	if s.to, err = minutes(w.To); err != nil {
		return s, err
	}
	if s.from == 24*60 {
		return s, errs.New(errs.Invalid, "a span cannot begin at 24:00: begin it at 00:00 of the next day")
	}
	if s.to <= s.from {
		s.to += 24 * 60
	}
	return s, nil
}

func minutes(clock string) (int, error) {
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, errs.New(errs.Invalid, "%q is not a time: write it like 09:00", clock)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// Open reports whether the desk is open at a moment. Spans hold their first moment and not their last.
func (c *Calendar) Open(at time.Time) bool {
	local := at.In(c.zone)
	for _, back := range []int{0, -1} { // yesterday's spans may reach into today
		for _, s := range c.spans(local, back) {
			if !at.Before(s.from) && at.Before(s.to) {
				return true
			}
		}
	}
	return false
}

// NextOpen returns the moment itself if the desk is open then, or else when it opens. The zero time means that it does
// not open within the next 400 days.
func (c *Calendar) NextOpen(at time.Time) time.Time {
	if c.Open(at) {
		return at
	}
	local := at.In(c.zone)
	for day := range horizon {
		var next time.Time
		for _, s := range c.spans(local, day) {
			if s.from.After(at) && s.to.After(s.from) && (next.IsZero() || s.from.Before(next)) {
				next = s.from
			}
		}
		if !next.IsZero() {
			return next
		}
	}
	return time.Time{}
}

// moments is a span on a certain day.
type moments struct{ from, to time.Time }

// spans are those that begin on the day that is offset days after that of local.
func (c *Calendar) spans(local time.Time, offset int) (list []moments) {
	noon := time.Date(local.Year(), local.Month(), local.Day()+offset, 12, 0, 0, 0, c.zone)
	if c.holidays[noon.Format(time.DateOnly)] {
		return nil
	}
	for _, s := range c.week[noon.Weekday()] {
		list = append(list, moments{c.at(noon, s.from), c.at(noon, s.to)})
	}
	return list
}

// at is the moment of a wall-clock time, in minutes from midnight of the day of noon.
func (c *Calendar) at(noon time.Time, minute int) time.Time {
	y, m, d := noon.Date()
	t := time.Date(y, m, d, 0, minute, 0, 0, c.zone)
	// For a time that a change of clocks skips, time.Date may answer an hour before it.
	if want := minute % (24 * 60); t.Hour()*60+t.Minute() < want {
		t = t.Add(time.Hour)
	}
	return t
}
