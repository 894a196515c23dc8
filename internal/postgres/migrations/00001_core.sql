-- Workspaces, staff and their credentials, and the audit log.
-- Every later table of a workspace carries workspace_id and is handed to handrail_protect().

-- +goose Up
CREATE EXTENSION IF NOT EXISTS vector;

-- +goose StatementBegin
-- handrail_protect turns on forced row-level security: rows are visible only to a transaction that names their
-- workspace in the setting handrail.workspace, or all workspaces with '*'.
CREATE FUNCTION handrail_protect(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format($p$
        CREATE POLICY workspace ON %s USING (
            workspace_id = nullif(nullif(current_setting('handrail.workspace', true), ''), '*')::uuid
            OR current_setting('handrail.workspace', true) = '*')$p$, target);
END $$;
-- +goose StatementEnd

CREATE TABLE workspaces (
    id         uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE,
    name       text NOT NULL,
    settings   jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    workspace_id  uuid NOT NULL REFERENCES workspaces (id),
    id            bigint GENERATED ALWAYS AS IDENTITY,
    email         text NOT NULL CHECK (email = lower(email)),
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('admin', 'agent', 'quality_inspector', 'knowledge_manager')),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, email)
);
SELECT handrail_protect('users');

-- A browser session of a member of staff. The cookie holds the token; the row holds its SHA-256.
CREATE TABLE sessions (
    workspace_id uuid NOT NULL,
    token_hash   bytea PRIMARY KEY,
    user_id      bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('sessions');

CREATE TABLE api_keys (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    id           uuid NOT NULL,
    name         text NOT NULL,
    key_hash     bytea NOT NULL UNIQUE,
    role         text NOT NULL CHECK (role IN ('admin', 'agent', 'quality_inspector', 'knowledge_manager')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('api_keys');

-- One-time permission to open a WebSocket, so that no long-lived secret travels in its URL.
CREATE TABLE tickets (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    ticket_hash  bytea PRIMARY KEY,
    subject      jsonb NOT NULL,
    expires_at   timestamptz NOT NULL
);
SELECT handrail_protect('tickets');

-- A widget is one place where visitors chat: its public key stands in the page, its origins say which pages may.
CREATE TABLE widgets (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    key          text PRIMARY KEY,
    name         text NOT NULL,
    origins      text[] NOT NULL,
    settings     jsonb NOT NULL DEFAULT '{}'
);
SELECT handrail_protect('widgets');

CREATE TABLE audit_log (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    id           bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT now(),
    actor        text NOT NULL,
    action       text NOT NULL,
    target       text NOT NULL,
    data         jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('audit_log');
