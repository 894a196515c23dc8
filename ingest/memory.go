package ingest

import (
	"bytes"
	"context"
	"fmt"
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
