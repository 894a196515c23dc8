package ingest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// holding is what a source turned out to hold.
type holding struct {
	items  []string
	whole  bool // nothing of it stayed unseen
	learnt map[string]memory
}

func holdings(sources []*source) []holding {
	out := make([]holding, len(sources))
	for i, s := range sources {
		out[i].whole = len(s.closed) == 0
		for _, it := range s.items {
			out[i].items = append(out[i].items, it.uri)
		}
		if s.web != nil {
			s.web.mu.Lock()
			out[i].learnt = maps.Clone(s.web.learnt)
			s.web.mu.Unlock()
		}
	}
	return out
}

// documents returns the documents of a report that come from these items: their own, and those packed into them.
func (h holding) documents(uris []string) []string {
	items := set(h.items)
	return slices.DeleteFunc(slices.Clone(uris), func(uri string) bool {
		if items[uri] {
			return false
		}
		for i := strings.LastIndexAny(uri, "/!#"); i > 0; i = strings.LastIndexAny(uri[:i], "/!#") {
			if items[uri[:i]] {
				return false
			}
		}
		return true
	})
}

// remember writes which documents come from each source, and forgets those that are no longer stored, or that a source
// has given up while another one still holds them.
func (x *execution) remember(ctx context.Context, held []holding, r Report) error {
	stored := slices.Concat(r.Added, r.Changed, r.Unchanged)
	err := x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		for i, h := range held {
			if err := x.rememberSource(ctx, tx, x.ids[i], h, h.documents(stored), r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember what the sources hold: %w", err)
	}
	return nil
}

// rememberSource writes the documents of one source that are new or whose server now says something else.
func (x *execution) rememberSource(ctx context.Context, tx pgx.Tx, id uuid.UUID, h holding, uris []string,
	r Report) error {
	// One writer at a time: two runs of one folder remember the same documents.
	if _, err := tx.Exec(ctx, `
		SELECT FROM ingest_sources WHERE workspace_id = $1 AND id = $2 FOR UPDATE`, x.ws, id); err != nil {
		return err
	}
	hashes, etags := make([][]byte, len(uris)), make([]string, len(uris))
	modified, links := make([]string, len(uris)), make([]string, len(uris))
	for i, uri := range uris {
		m := h.learnt[uri]
		hashes[i], etags[i], modified[i], links[i] = m.hash, clean(m.etag), clean(m.modified), strings.Join(m.links, "\n")
	}
	// Rows that say the same already are left out, because an upsert would lock each of them, which is a write too.
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest_documents (workspace_id, source_id, uri, reader, hash, etag, last_modified, links)
		SELECT s.workspace_id, s.id, u.uri, $4, coalesce(u.hash, ''), u.etag, u.modified, u.links
		FROM ingest_sources s,
			unnest($3::text[], $5::bytea[], $6::text[], $7::text[], $8::text[]) AS u (uri, hash, etag, modified, links)
		WHERE s.workspace_id = $1 AND s.id = $2 AND NOT EXISTS (
			SELECT FROM ingest_documents o WHERE o.workspace_id = $1 AND o.source_id = $2 AND o.uri = u.uri AND
				(o.reader, o.hash, o.etag, o.last_modified, o.links) = ($4, coalesce(u.hash, ''), u.etag, u.modified, u.links))
		ON CONFLICT (workspace_id, source_id, uri) DO UPDATE SET reader = excluded.reader, hash = excluded.hash,
			etag = excluded.etag, last_modified = excluded.last_modified, links = excluded.links`,
		x.ws, id, uris, x.pipeline.reader(), hashes, etags, modified, links)
	if err != nil {
		return err
	}
	kept := slices.Clone(uris)
	for _, f := range r.Failed {
		kept = append(kept, f.Item)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM ingest_documents i
		WHERE workspace_id = $1 AND source_id = $2 AND ($4 AND uri <> ALL ($5::text[]) OR NOT EXISTS (
			SELECT FROM documents d WHERE d.workspace_id = $1 AND d.collection = $3 AND d.uri = i.uri))`,
		x.ws, id, x.collection, x.own && x.complete && h.whole, kept)
	return err
}

// clean makes a header line fit for the database.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }
