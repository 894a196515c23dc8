package intent

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"handrail/internal/errs"
)

// Severity says whether a finding keeps an upload from being trained.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"   // it must be put right before the upload can be trained
	SeverityWarning Severity = "warning" // it makes the model worse, or its figures less telling
)

// FindingKind says what a finding is about.
type FindingKind string

// The kinds of finding.
const (
	KindDuplicate FindingKind = "duplicate" // the same example, or nearly, stands twice
	KindFew       FindingKind = "few"       // an intent has too few examples
	KindOverlap   FindingKind = "overlap"   // two intents are mistaken for each other
	KindLeak      FindingKind = "leak"      // an example is also one that the bot is examined with
	KindEmpty     FindingKind = "empty"     // an example has no words
	KindSyntax    FindingKind = "syntax"    // the upload cannot be read there
	KindLanguage  FindingKind = "language"  // an example stands under the wrong language
)

// Finding is one thing that is wrong with labelled examples.
type Finding struct {
	Severity  Severity    `json:"severity"`
	Kind      FindingKind `json:"kind"`
	Line      int         `json:"line"`       // of the upload, from 1; 0 = what it is merged into, or the upload as a whole
	OtherLine int         `json:"other_line"` // of the other example, 0 likewise
	Intent    string      `json:"intent"`     // "" where it concerns none
	Other     string      `json:"other"`      // the other intent
	Text      string      `json:"text"`       // the example
	Message   string      `json:"message"`    // what is wrong and what to do, without the line
}

// maxFindings bounds a list of findings. Errors come first, so what is cut off are warnings as a rule.
const maxFindings = 500

// Held is a message that the bot is examined with, and that must therefore not be learned.
type Held struct {
	Text  string
	Where string // for people: "the eval case 12"
}

// CheckOptions tune [Classifier.Check].
type CheckOptions struct {
	Held []Held
	// CrossValidate also trains models on parts of the examples, to see which intents are mistaken for each other. It
	// takes as long as several trainings.
	CrossValidate bool
}

// Checked is what an upload holds, together with what it is merged into.
type Checked struct {
	Catalog  Catalog // what would be trained; of no use where there are errors
	Intents  int
	Examples int       // with those out of scope
	Findings []Finding // at most 500; errors first, then by line
}

// Err returns nil if the upload can be trained, or else an error of kind [errs.Invalid] that says why not.
func (c Checked) Err() error {
	var wrong []string
	more := 0
	for _, f := range c.Findings {
		switch {
		case f.Severity != SeverityError:
		case len(wrong) == 10:
			more++
		default:
			wrong = append(wrong, f.String())
		}
	}
	if more > 0 {
		wrong = append(wrong, fmt.Sprintf("and %d more errors", more))
	}
	if len(wrong) == 0 {
		return nil
	}
	return errs.New(errs.Invalid, "%s", strings.Join(wrong, "\n"))
}

// String is the finding with its line.
func (f Finding) String() string {
	if f.Line == 0 {
		return f.Message
	}
	return fmt.Sprintf("line %d: %s", f.Line, f.Message)
}

// Check reads an upload, merges examples into the active catalog, and says what is wrong with the result. Its errors
// are those of the database and of ctx; what is wrong with the upload are findings.
func (c *Classifier) Check(ctx context.Context, ws uuid.UUID, u Upload, o CheckOptions) (Checked, error) {
	active, _, err := c.Catalog(ctx, ws)
	if err != nil {
		return Checked{}, err
	}
	r := read(u, active)
	if r.failed() { // what could not be read in full would look as if it had too few examples
		return r.checked(), nil
	}
	r.inspect(o.Held)
	if o.CrossValidate {
		done, err := c.alone(ctx)
		if err != nil {
			return Checked{}, err
		}
		defer done()
		if err := r.findOverlaps(ctx); err != nil {
			return Checked{}, err
		}
	}
	return r.checked(), nil
}

// inspect looks for everything that can be seen without training.
func (r *reading) inspect(held []Held) {
	r.findings = append(r.findings, emptyAndEqual(r.examples)...)
	r.findNear()
	r.findFew()
	r.findWrongLanguages()
	r.findLeaks(held)
}

func (r *reading) failed() bool {
	return slices.ContainsFunc(r.findings, func(f Finding) bool { return f.Severity == SeverityError })
}

func (r *reading) checked() Checked {
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Line, b.Line))
	})
	return Checked{Catalog: r.catalog, Intents: len(r.catalog.Intents), Examples: len(r.examples),
		Findings: r.findings[:min(len(r.findings), maxFindings)]}
}
