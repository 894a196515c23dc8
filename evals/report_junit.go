package evals

import "encoding/xml"

// The elements and attributes are those that Ant and Jenkins agree on, in the order that their schemas ask for.
type junitSuite struct {
	XMLName    xml.Name    `xml:"testsuite"`
	Name       string      `xml:"name,attr"`
	Timestamp  string      `xml:"timestamp,attr"` // UTC, without a zone
	Hostname   string      `xml:"hostname,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Time       float64     `xml:"time,attr"` // seconds
	Properties struct{}    `xml:"properties"`
	Cases      []junitCase `xml:"testcase"`
	Out        string      `xml:"system-out"`
	Err        string      `xml:"system-err"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    float64       `xml:"time,attr"` // seconds
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// junit marks the regressions as failures: a case that never passed is work to do, not a broken build. A regression
// without a result, such as a metric's, is a test of its own.
func junit(d reportData) ([]byte, error) {
	s := junitSuite{Name: d.Suite, Timestamp: d.At.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost"}
	place := map[string]int{}
	for i, r := range d.Results {
		place[r.ID] = i
		s.Cases = append(s.Cases, junitCase{Name: r.ID, Class: d.Suite, Time: round(r.Ms / 1000)})
		s.Time += r.Ms / 1000
	}
	s.Time = round(s.Time)
	for _, r := range d.Regressions {
		i, ok := place[r.Case]
		if !ok {
			i = len(s.Cases)
			s.Cases = append(s.Cases, junitCase{Name: r.Case + r.Metric, Class: d.Suite})
		}
		f := &junitFailure{Message: r.String(), Type: "regression"}
		if ok {
			f.Text = detail(d.Results[i])
		}
		s.Cases[i].Failure = f
	}
	s.Tests, s.Failures = len(s.Cases), len(d.Regressions)
	b, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), b...), err
}

// detail is what a reader of a failed test needs to see of its result.
func detail(r Result) string {
	s := "question: " + r.Question + "\nreply: " + r.Reply
	for _, f := range r.Failures {
		s += "\n- " + f
	}
	return s
}
