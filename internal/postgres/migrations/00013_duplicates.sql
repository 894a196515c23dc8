-- Passages that say what another one says already are kept for reading and left out of search. Owned by package knowledge.

-- +goose Up
ALTER TABLE passages
    ADD COLUMN likeness bigint NOT NULL DEFAULT 0, -- passages that may be duplicates of each other share it; 0 is unknown
    ADD COLUMN duplicate_of bigint;                -- the passage of this workspace under which this one is found
CREATE INDEX ON passages (workspace_id, likeness) WHERE duplicate_of IS NULL;
CREATE INDEX ON passages (workspace_id, duplicate_of) WHERE duplicate_of IS NOT NULL;
