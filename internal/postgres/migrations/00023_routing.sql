-- Versions of the routing rules. Owned by package handoff.

-- +goose Up
-- A version is never changed, so that one can try two of them on the same conversations and go back. Without an active
-- one every conversation may go to any agent.
CREATE TABLE routing_versions (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version      int NOT NULL CHECK (version > 0),
    rules        jsonb NOT NULL,                 -- [{name, condition, action}], in the order in which they are asked
    count        int NOT NULL CHECK (count > 0),
    note         text NOT NULL,
    actor        text NOT NULL,                  -- who stored it, as in audit_log
    active       boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version)
);
CREATE UNIQUE INDEX routing_versions_active ON routing_versions (workspace_id) WHERE active;
SELECT handrail_protect('routing_versions');
