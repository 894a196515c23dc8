-- Ingest runs that were asked for over the API. Owned by package ingest.

-- +goose Up
-- The id is that of the River job inserted in the same transaction. River's own tables know no workspace, so the job
-- there names the workspace only, and everything else stands here.
CREATE TABLE ingest_jobs (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    id           bigint NOT NULL,
    urls         text[] NOT NULL CHECK (cardinality(urls) > 0),
    collection   text NOT NULL,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    done         int NOT NULL DEFAULT 0,   -- pages
    total        int NOT NULL,
    report       jsonb,                    -- NULL until the job is done or failed
    error        text NOT NULL DEFAULT '', -- public; why it failed
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    CHECK ((state IN ('done', 'failed')) = (report IS NOT NULL))
);
SELECT handrail_protect('ingest_jobs');
