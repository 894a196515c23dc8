-- The records of a workspace that is removed go with it. The application may not delete them in any other way.

-- +goose Up
ALTER TABLE audit_log DROP CONSTRAINT audit_log_workspace_id_fkey;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_workspace_id_fkey
    FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE;
