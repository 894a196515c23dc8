package hours

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"handrail/internal/errs"
)

func berlin(t *testing.T, week []Span, holidays ...string) *Calendar {
	t.Helper()
	s := Schedule{Name: "desk", Timezone: "Europe/Berlin", Week: week}
	for _, d := range holidays {
		s.Holidays = append(s.Holidays, Holiday{Date: d, Name: "off"})
	}
	c, err := Parse(s)
	require.NoError(t, err)
	return c
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return v
}

func TestOpenAndNextOpen(t *testing.T) {
	t.Parallel()
	office := []Span{{"mon", "09:00", "18:00"}, {"tue", "09:00", "12:00"}, {"tue", "13:00", "18:00"}, {"fri", "22:00", "06:00"}}
	c := berlin(t, office, "2027-01-04")
	for _, x := range []struct{ at, opens string }{
		{"2027-01-11T08:00:00Z", ""},                     // Monday 09:00
		{"2027-01-11T07:59:59Z", "2027-01-11T08:00:00Z"}, // a second before
		{"2027-01-11T16:59:59Z", ""},
		{"2027-01-11T17:00:00Z", "2027-01-12T08:00:00Z"}, // the last moment is not in
		{"2027-01-12T11:30:00Z", "2027-01-12T12:00:00Z"}, // Tuesday's break
		{"2027-01-04T10:00:00Z", "2027-01-05T08:00:00Z"}, // holiday
		{"2027-01-16T04:59:00Z", ""},                     // Saturday, Friday's night shift
		{"2027-01-16T05:00:00Z", "2027-01-18T08:00:00Z"},
		{"2027-07-12T07:00:00Z", ""}, // summer time
		{"2027-07-12T06:59:00Z", "2027-07-12T07:00:00Z"},
	} {
		now := at(t, x.at)
		require.Equal(t, x.opens == "", c.Open(now), x.at)
		want := now
		if x.opens != "" {
			want = at(t, x.opens)
		}
		require.True(t, want.Equal(c.NextOpen(now)), "%s opens at %s", x.at, c.NextOpen(now).UTC())
	}
	require.True(t, berlin(t, nil).NextOpen(at(t, "2027-01-01T00:00:00Z")).IsZero(), "never")
}

// TestClocksChange covers the days on which Berlin's clocks skip 02:00 to 03:00 and repeat it.
func TestClocksChange(t *testing.T) {
	t.Parallel()
	night := berlin(t, []Span{{"sun", "01:00", "05:00"}})
	require.Equal(t, 3*time.Hour, length(night, at(t, "2027-03-27T20:00:00Z")), "the short night")
	require.Equal(t, 5*time.Hour, length(night, at(t, "2027-10-30T20:00:00Z")), "the long night")
	gap := berlin(t, []Span{{"sun", "02:30", "05:00"}})
	require.Equal(t, at(t, "2027-03-28T01:30:00Z"), gap.NextOpen(at(t, "2027-03-27T20:00:00Z")).UTC(),
		"02:30 does not exist on that day: 03:30 summer time")
	early := berlin(t, []Span{{"sat", "20:00", "02:30"}})
	require.True(t, early.Open(at(t, "2027-03-28T01:29:00Z")))
	require.False(t, early.Open(at(t, "2027-03-28T01:30:00Z")))
	require.True(t, berlin(t, []Span{{"sun", "00:00", "24:00"}}).Open(at(t, "2027-10-31T22:59:00Z")), "a day of 25 hours")
}

// length is how long the desk stays open once it opens after a moment.
func length(c *Calendar, from time.Time) time.Duration {
	opens := c.NextOpen(from)
	for d := time.Minute; ; d += time.Minute {
		if !c.Open(opens.Add(d)) {
			return d
		}
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		s    Schedule
		want string
	}{
		{Schedule{Timezone: "UTC"}, "no name"},
		{Schedule{Name: "a", Timezone: "Berlin"}, "Europe/Berlin"},
		{Schedule{Name: "a", Timezone: "Local"}, "no time zone"},
		{Schedule{Name: "a"}, "no time zone"},
		{Schedule{Name: "a", Timezone: "UTC", Week: []Span{{"monday", "09:00", "10:00"}}}, "span 1"},
		{Schedule{Name: "a", Timezone: "UTC", Week: []Span{{"mon", "9", "10:00"}}}, `"9" is not a time`},
		{Schedule{Name: "a", Timezone: "UTC", Week: []Span{{"mon", "24:00", "10:00"}}}, "24:00"},
		{Schedule{Name: "a", Timezone: "UTC", Week: []Span{{"mon", "10:00", "25:00"}}}, "25:00"},
		{Schedule{Name: "a", Timezone: "UTC", Holidays: []Holiday{{"1.1.2027", ""}}}, "holiday 1"},
	} {
		_, err := Parse(x.s)
		require.True(t, errs.Is(err, errs.Invalid), "%+v", x.s)
		require.Contains(t, errs.Public(err), x.want)
	}
}

// TestNextOpenIsTheFirstOpenMoment holds for any schedule in any of several zones: nothing is open before it.
func TestNextOpenIsTheFirstOpenMoment(t *testing.T) {
	t.Parallel()
	clock := rapid.Custom(func(t *rapid.T) string {
		return time.Date(0, 1, 1, rapid.IntRange(0, 23).Draw(t, "h"), rapid.IntRange(0, 3).Draw(t, "q")*15, 0, 0, time.UTC).Format("15:04")
	})
	rapid.Check(t, func(t *rapid.T) {
		s := Schedule{Name: "x", Timezone: rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York",
			"Asia/Shanghai", "Australia/Lord_Howe", "America/Santiago"}).Draw(t, "zone")}
		for range rapid.IntRange(1, 4).Draw(t, "spans") {
			s.Week = append(s.Week, Span{Day: rapid.SampledFrom([]string{"mon", "wed", "sat", "sun"}).Draw(t, "day"),
				From: clock.Draw(t, "from"), To: clock.Draw(t, "to")})
		}
		c, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(1740000000, 1830000000).Draw(t, "at"), 0)
		next := c.NextOpen(now)
		if next.IsZero() || next.Before(now) || !c.Open(next) {
			t.Fatalf("%+v at %s: next %s", s, now.UTC(), next.UTC())
		}
		for m := now; m.Before(next); m = m.Add(5 * time.Minute) {
			if c.Open(m) {
				t.Fatalf("%+v: open at %s, but said to open at %s", s, m.UTC(), next.UTC())
			}
		}
	})
}
