-- Old runs are found without reading all of them. Owned by package ingest.

-- +goose Up
CREATE INDEX ingest_runs_finished ON ingest_runs (finished_at) WHERE finished_at IS NOT NULL;
