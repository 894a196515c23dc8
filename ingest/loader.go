package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"

	"handrail/ingest/sandbox"
	"handrail/internal/errs"
)

// loaderArgument tells the main of this binary that it is a child that reads documents.
const loaderArgument = "ingest-loader"

// Loader reads documents for a parent if args, which are those of the process, ask for that; then child is true and the
// process must exit with status. A binary whose pipelines have [Config.Isolate] calls it first in its main.
func Loader(args []string) (status int, child bool) {
	if len(args) < 2 || args[1] != loaderArgument {
		return 0, false
	}
	return sandbox.Serve(args[2:], serveTask), true
}

// serveTask answers one call of a parent.
func serveTask(head, body []byte, r *sandbox.Reply) error {
	var t task
	if err := json.Unmarshal(head, &t); err != nil {
		return fmt.Errorf("decode a task: %w", err)
	}
	emit := func(p part) error {
		frame, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode a part: %w", err)
		}
		if p.Member != nil {
			if err := r.Alive(); err != nil {
				return err
			}
		}
		return r.Send(frame)
	}
	err := t.read(body, emit)
	if err == nil {
		return nil
	}
	return emit(part{Fault: faultOf(err)})
}

// callsPerWorker is after how many items a child is replaced, so that nothing that a library keeps adds up.
const callsPerWorker = 1000

// crashesPerItem is how many members of one archive may end the child before the rest is given up.
const crashesPerItem = 3

// loader reads items for one goroutine, in a child where the configuration asks for that.
type loader struct {
	config Config
	worker *sandbox.Worker
	calls  int
}

// close ends the child. It returns when it is gone.
func (l *loader) close() {
	if l.worker != nil {
		l.worker.Close()
		l.worker = nil
	}
}

// item makes documents from an item as it was read.
func (l *loader) item(ctx context.Context, it entry, r raw) (loaded, error) {
	if r.format == formatUnknown || len(r.body) == 0 {
		_, _, err := parse(r)
		return loaded{}, err
	}
	t := task{URI: it.uri, Format: r.format, ContentType: r.contentType, Lang: l.config.Lang, MaxBytes: l.config.MaxBytes}
	if r.address != nil {
		t.Address = it.uri
		if r.format == formatHTML {
			t.Address = r.address.String() // against which its links are
		}
	}
	if r.format == formatPDF && l.config.Isolate && l.config.PDFToText != "" {
		text, err := l.pdfToText(ctx, r.body)
		if err != nil {
			return loaded{}, err
		}
		if len(text) > 0 {
			t.Format, r.body = formatPDFText, text
		}
	}
	out, err := l.load(ctx, t, r.body)
	if err != nil {
		out.abandon()
	}
	return out, err
}

// pdfToText returns the text that the program makes of a PDF, nil if it makes none: then this package's own reader says
// what is wrong with the file, or reads it after all.
func (l *loader) pdfToText(ctx context.Context, body []byte) ([]byte, error) {
	program := []string{l.config.PDFToText, "-q", "-enc", "UTF-8", "-eol", "unix", "-", "-"}
	text, ok, err := sandbox.Pipe(ctx, []string{loaderArgument}, program, l.config.limits(), body)
	var breach *sandbox.Breach
	switch {
	case errors.As(err, &breach):
		return nil, l.explain(formatPDF, breach)
	case err != nil:
		return nil, err
	case !ok || len(bytes.TrimSpace(text)) == 0:
		return nil, nil
	}
	return text, nil
}

// load makes documents from bytes.
func (l *loader) load(ctx context.Context, t task, body []byte) (loaded, error) {
	var out loaded
	if !l.config.Isolate {
		err := t.read(body, out.take)
		return out, err
	}
	if t.Format != formatZip {
		err := l.explained(t.Format, l.call(ctx, t, body, &out)) // which is the last that needs body in memory
		return out, err
	}
	for crashes := 1; ; crashes++ {
		err := l.call(ctx, t, body, &out)
		var breach *sandbox.Breach
		ended := errors.As(err, &breach)
		err = l.explained(t.Format, err)
		if !ended || out.member == nil {
			return out, err
		}
		out.abandon()
		out.failed = append(out.failed, Failure{path.Join(t.URI, out.member.Name), reason(err)})
		if crashes == crashesPerItem {
			return out, errs.Wrap(err, errs.Invalid, "%d of its members cannot be read within the limits, so the rest was not "+
				"tried: ingest its files without the archive", crashes)
		}
		t.Skip = out.member.Index + 1
	}
}

// call reads an item in the child, which it starts if there is none.
func (l *loader) call(ctx context.Context, t task, body []byte, out *loaded) error {
	if l.worker == nil || l.calls == callsPerWorker || !l.worker.Usable() {
		l.close()
		w, err := sandbox.Start([]string{loaderArgument}, l.config.limits())
		if err != nil {
			return err
		}
		l.worker, l.calls = w, 0
	}
	l.calls++
	head, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode a task: %w", err)
	}
	err = l.worker.Call(ctx, head, body, func(frame []byte) error {
		var p part
		if err := json.Unmarshal(frame, &p); err != nil {
			return fmt.Errorf("decode a part: %w", err)
		}
		return out.take(p)
	})
	if err != nil {
		l.worker.Close()
		l.worker = nil
		return err
	}
	return out.fault
}
