-- The version of the statistics with which a passage came, so that an index in memory can ask for what is new. Owned by
-- package knowledge.

-- +goose Up
ALTER TABLE passage_terms ADD COLUMN version bigint NOT NULL DEFAULT 0;
CREATE INDEX ON passage_terms (workspace_id, version);
