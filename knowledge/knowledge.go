// Package knowledge stores the documents of a workspace as passages and finds the best passages for a question.
//
// Tables: documents and their passages; passage_terms, the document side of BM25; knowledge_terms and knowledge_stats,
// how often each term occurs and how long passages are; passage_vectors, one embedding per passage and model.
//
//	              .--> index in memory, best 50 ------------------.
//	question --terms                        (or, without one)      +--> texts by key --> fuse, re-rank --> hits
//	         |    '--> passage_terms <#> query, a scan, best 50 --'|
//	         '--embed--> passage_vectors <=> query, best 50 -------'
//
// The index in memory holds what passage_terms holds, as of one version of the workspace's statistics. The statement that
// reads the texts returns the current version; where it differs, the search brings the index up to date and asks again.
//
// Guarantees:
//
//   - Replacing or removing documents is one transaction with the statistics that ranking needs, so that a search sees
//     the old state or the new one, never a mix, and the statistics always equal a recount.
//   - Writers of one workspace take turns by locking its knowledge_stats row before anything else, so they cannot
//     deadlock. Splitting into terms and embedding, the slow part, happens before the lock. Readers never wait.
//   - A search is exact: the index finds what a scan finds, whoever wrote last on whichever node. It is one round trip;
//     further ones follow a change of the base: to bring the index up to date, and to learn contrasts anew after a tenth.
//   - A search sees one workspace only, by its own condition and by row-level security, and needs no embedder.
//   - Of passages that say the same, search finds the first; the next takes its place when that one goes.
package knowledge

import (
	"github.com/google/uuid"

	"handrail/internal/llm"
	"handrail/internal/postgres"
)

// Base is the knowledge of every workspace of one database. It is safe for concurrent use.
type Base struct {
	db        *postgres.DB
	embedder  llm.Embedder
	indexed   indexedModels
	indexes   indexes
	contrasts knownContrasts
}

// New returns a base over db. Without an embedder (nil) search is lexical only.
func New(db *postgres.DB, embedder llm.Embedder) *Base {
	return &Base{db: db, embedder: embedder, indexes: indexes{
		held: map[uuid.UUID]*heldIndex{}, memory: defaultIndexMemory, wanted: make(chan uuid.UUID, wantedAtOnce)}}
}
