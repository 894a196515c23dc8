-- Runs of a workspace's own suites, and the cases that people made of conversations. Owned by package evals.

-- +goose Up
CREATE TABLE eval_runs (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    suite        text NOT NULL CHECK (suite IN ('reviewed', 'cases')),
    background   boolean NOT NULL,              -- any node runs it; else the process that wrote it
    state        text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    claim        uuid,                          -- of the attempt under way; every write of an attempt names it
    lease_until  timestamptz NOT NULL DEFAULT '-infinity',
    deaths       int NOT NULL DEFAULT 0,        -- nodes that ended in the middle of it
    done         int NOT NULL DEFAULT 0,        -- cases so far
    total        int NOT NULL DEFAULT 0,
    cases        int NOT NULL DEFAULT 0,        -- from here on: of a run that is done
    passed       int NOT NULL DEFAULT 0,
    metrics      jsonb NOT NULL DEFAULT '{}',
    regressions  text[] NOT NULL DEFAULT '{}',  -- against the previous run of the suite, in words
    report       jsonb,
    error        text NOT NULL DEFAULT '',      -- public; why it failed
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    finished_at  timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'done') = (report IS NOT NULL)),
    CHECK (state <> 'running' OR claim IS NOT NULL)
);
CREATE INDEX eval_runs_open ON eval_runs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX eval_runs_by_time ON eval_runs (workspace_id, created_at DESC);
SELECT handrail_protect('eval_runs');

CREATE TABLE eval_cases (
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id              uuid NOT NULL,
    question        text NOT NULL,              -- personal data masked, like the history
    history         text[] NOT NULL,            -- earlier messages of the visitor, oldest first
    lang            text NOT NULL,
    decision        text NOT NULL CHECK (decision IN ('answer', 'clarify', 'handoff')),
    sources         text[] NOT NULL,
    facts           jsonb NOT NULL,
    tags            text[] NOT NULL,
    conversation_id uuid,                       -- NULL once that conversation is gone
    seq             bigint NOT NULL,            -- of the turn
    author          text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, conversation_id, seq),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
        ON DELETE SET NULL (conversation_id)
);
SELECT handrail_protect('eval_cases');
