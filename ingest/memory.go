package ingest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// reader names the loaders, so that what was made by others is downloaded and read again.
func (p *Pipeline) reader() string { return version + " " + p.config.Lang }

// recall loads what earlier runs learnt of each source. A page whose document is gone, or was made from something else,
// is unknown, so that it is downloaded again.
func (x *execution) recall(ctx context.Context) ([]map[string]memory, error) {
	known := make([]map[string]memory, len(x.specs))
	err := x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		for i, id := range x.ids {
			rows, err := tx.Query(ctx, `
				SELECT i.uri, i.etag, i.last_modified, i.hash, i.links
				FROM ingest_documents i
				JOIN documents d ON d.workspace_id = i.workspace_id AND d.collection = $4 AND d.uri = i.uri AND d.hash = i.hash
				WHERE i.workspace_id = $1 AND i.source_id = $2 AND i.reader = $3 AND i.etag || i.last_modified <> ''`,
				x.ws, id, x.pipeline.reader(), x.collection)
			if err != nil {
				return err
			}
			var uri string
			var m memory
			var links string
			known[i] = map[string]memory{}
			_, err = pgx.ForEachRow(rows, []any{&uri, &m.etag, &m.modified, &m.hash, &links}, func() error {
				m.hash, m.links = bytes.Clone(m.hash), strings.Fields(links)
				known[i][uri] = m
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is known of the sources: %w", err)
	}
	return known, nil
}

// removable says which documents pruning may remove. A run of recorded sources by themselves may remove what they held
// and no other source holds. A run that prunes the whole collection leaves alone what was fetched from sources of
// others: they were added by other people, and will be run again.
func (x *execution) removable(ctx context.Context) (func(string) bool, error) {
	if !x.own && !x.prune {
		return nil, nil
	}
	var own, others []string
	err := x.db.InTx(ctx, x.ws, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `
			SELECT coalesce(array_agg(i.uri) FILTER (WHERE i.source_id = ANY ($2)), '{}'),
			       coalesce(array_agg(i.uri) FILTER (WHERE i.source_id <> ALL ($2) AND
			           ($4 OR s.kind IN ('page', 'sitemap', 'crawl'))), '{}')
			FROM ingest_documents i
			JOIN ingest_sources s ON s.workspace_id = i.workspace_id AND s.id = i.source_id AND s.collection = $3
			WHERE i.workspace_id = $1`, x.ws, append([]uuid.UUID{}, x.ids...), x.collection, x.own).Scan(&own, &others)
	})
	if err != nil {
		return nil, fmt.Errorf("read which documents the sources hold: %w", err)
	}
	mine, theirs := set(own), set(others)
	return func(uri string) bool { return !theirs[uri] && (!x.own || mine[uri]) }, nil
}

func set(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, name := range names {
		out[name] = true
	}
	return out
}

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
func (x *execution) rememberSource(ctx context.Context, tx pgx.Tx, id uuid.UUID, h holding, uris []string, r Report) error {
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
	_, err := tx.Exec(ctx, `
		INSERT INTO ingest_documents AS i (workspace_id, source_id, uri, reader, hash, etag, last_modified, links)
		SELECT s.workspace_id, s.id, u.uri, $4, coalesce(u.hash, ''), u.etag, u.modified, u.links
		FROM ingest_sources s,
			unnest($3::text[], $5::bytea[], $6::text[], $7::text[], $8::text[]) AS u (uri, hash, etag, modified, links)
		WHERE s.workspace_id = $1 AND s.id = $2
		ON CONFLICT (workspace_id, source_id, uri) DO UPDATE SET reader = excluded.reader, hash = excluded.hash,
			etag = excluded.etag, last_modified = excluded.last_modified, links = excluded.links
		WHERE (i.reader, i.hash, i.etag, i.last_modified, i.links) IS DISTINCT FROM
			(excluded.reader, excluded.hash, excluded.etag, excluded.last_modified, excluded.links)`,
		x.ws, id, uris, x.pipeline.reader(), hashes, etags, modified, links)
	if err != nil {
		return err
	}
	kept := slices.Clone(uris)
	for _, f := range r.Failed {
		kept = append(kept, f.Item)
	}
	_, err = tx.Exec(ctx, `
		DELETE FROM ingest_documents i WHERE workspace_id = $1 AND source_id = $2 AND ($4 AND uri <> ALL ($5::text[]) OR NOT EXISTS (
			SELECT FROM documents d WHERE d.workspace_id = $1 AND d.collection = $3 AND d.uri = i.uri))`,
		x.ws, id, x.collection, x.own && x.complete && h.whole, kept)
	return err
}

// clean makes a header line fit for the database.
func clean(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") }
