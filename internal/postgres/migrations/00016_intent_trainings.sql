-- How well a version did, and the trainings that make versions in the background. Owned by package intent.

-- +goose Up
ALTER TABLE intent_models
    ADD COLUMN examples   int NOT NULL DEFAULT 0,
    ADD COLUMN note       text NOT NULL DEFAULT '',
    -- Shares of messages that a model of the same catalog judged right without having seen them; NULL = not measured.
    ADD COLUMN accuracy   double precision CHECK (accuracy BETWEEN 0 AND 1),
    ADD COLUMN oos_recall double precision CHECK (oos_recall BETWEEN 0 AND 1);

-- The owner of a table is subject to its policy too.
SELECT set_config('handrail.workspace', '*', true);
UPDATE intent_models m SET examples =
    (SELECT count(*) FROM jsonb_path_query(c.catalog, '$.intents[*].examples.*[*]')) +
    (SELECT count(*) FROM jsonb_path_query(c.catalog, '$.out_of_scope.*[*]'))
FROM intent_catalogs c WHERE c.workspace_id = m.workspace_id AND c.version = m.version;

-- One row per training asked for. The body is kept until the training is over, so that any node can carry it out.
CREATE TABLE intent_trainings (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    format       text NOT NULL CHECK (format IN ('yaml', 'csv', 'jsonl')),
    body         text NOT NULL,             -- '' once the training is over
    note         text NOT NULL,
    activate     boolean NOT NULL,
    actor        text NOT NULL,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    stage        text NOT NULL DEFAULT 'reading'
                 CHECK (stage IN ('reading', 'cross-validating', 'fitting', 'storing')),
    done         int NOT NULL DEFAULT 0,    -- steps of the stage
    total        int NOT NULL DEFAULT 0,
    attempts     int NOT NULL DEFAULT 0,    -- every write of an attempt compares it, so that a stalled one is harmless
    version      int NOT NULL DEFAULT 0,    -- the result, 0 until it is done
    error        text NOT NULL DEFAULT '',  -- public; why it failed
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    seen_at      timestamptz NOT NULL DEFAULT now(), -- sign of life while it runs
    ended_at     timestamptz,
    PRIMARY KEY (workspace_id, id),
    CHECK ((state IN ('done', 'failed')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'done') = (version > 0))
);
CREATE INDEX intent_trainings_by_time ON intent_trainings (workspace_id, created_at DESC);
CREATE INDEX intent_trainings_open ON intent_trainings (created_at) WHERE state IN ('queued', 'running');
-- One training of a workspace runs at a time.
CREATE UNIQUE INDEX intent_trainings_running ON intent_trainings (workspace_id) WHERE state = 'running';
SELECT handrail_protect('intent_trainings');
