package ingest

import (
	"fmt"

	"handrail/internal/errs"
)

// mostFailures is how many rows of one file are reported one by one.
const mostFailures = 20

// failures collects what is wrong with single rows.
type failures struct {
	list []string
	more int
}

func (f *failures) add(reason string) {
	if len(f.list) < mostFailures {
		f.list = append(f.list, reason)
		return
	}
	f.more++
}

// all returns the collected reasons, or an error with the first one if no row could be read.
func (f *failures) all(read bool) ([]string, error) {
	if !read && len(f.list) > 0 {
		return nil, errs.New(errs.Invalid, "%s", f.list[0])
	}
	if f.more > 0 {
		f.list = append(f.list, fmt.Sprintf("%d more of its lines could not be read either", f.more))
		f.more = 0
	}
	return f.list, nil
}
