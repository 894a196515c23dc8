package ingest

import (
	"errors"
	"time"

	"handrail/ingest/sandbox"
	"handrail/internal/errs"
)

// limits returns what one child may use.
func (c Config) limits() sandbox.Limits {
	return sandbox.Limits{Memory: c.MaxMemory, CPU: c.MaxCPU, Wall: 3 * c.MaxCPU, Output: 16 << 20}
}

// explained turns a breach into an error for the owner of the file; other errors stay.
func (l *loader) explained(f format, err error) error {
	var breach *sandbox.Breach
	if errors.As(err, &breach) {
		return l.explain(f, breach)
	}
	return err
}

// explain says what a breach means for the owner of the file.
func (l *loader) explain(f format, b *sandbox.Breach) error {
	switch b.Cause {
	case sandbox.Memory:
		return errs.Wrap(b, errs.TooLarge, "reading it takes more than %s of memory: split it, or save it in a simpler format",
			size(l.config.MaxMemory))
	case sandbox.CPU, sandbox.Wall:
		return errs.Wrap(b, errs.TooLarge, "reading it takes longer than %s of processor time: split it, or save it in a "+
			"simpler format", l.config.MaxCPU.Round(time.Second))
	case sandbox.Output:
		return errs.Wrap(b, errs.TooLarge, "it holds more than 16 MB of text: split it")
	case sandbox.Depth:
		return tooDeep()
	}
	return errs.Wrap(b, errs.Invalid, "reading it ended the process that reads %s: save it again with another program",
		f.name())
}

func tooDeep() error {
	return errs.New(errs.Invalid, "its parts are nested too deeply to be read: simplify it, or save it as plain text")
}
