package ingest

import (
	"context"

	"github.com/google/uuid"
)

func parseSpecs(names []string) ([]Spec, error) {
	specs := make([]Spec, 0, len(names))
	for _, name := range names {
		s, err := ParseSpec(name)
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	return specs, nil
}

// lore is what lies between one run and the next one of the same sources.
type lore struct {
	known  []map[string]memory // by source, from earlier runs
	opened func([]*source)     // is shown the sources when the run is over, before they are closed
}

// runSpecs opens the sources and runs them. l may be nil.
func (p *Pipeline) runSpecs(ctx context.Context, ws uuid.UUID, specs []Spec, l *lore, o Options) (Report, error) {
	var opened []*source
	defer func() {
		if l != nil {
			l.opened(opened)
		}
		for _, s := range opened {
			s.close()
		}
	}()
	pages := 0
	found := func(uri string) {
		if pages++; o.Progress != nil {
			o.Progress(Progress{Total: pages, Current: uri})
		}
	}
	for i, spec := range specs {
		var known map[string]memory
		if l != nil {
			known = l.known[i]
		}
		s, err := p.open(ctx, spec, known, found)
		if err != nil {
			return Report{}, err
		}
		opened = append(opened, s)
	}
	return p.run(ctx, ws, opened, o)
}
