-- What visitors of a workspace may want (the catalog), and the classifier trained from it (the model). Both are
-- versioned: a version is never changed, so one can compare two of them and go back.

-- +goose Up
-- A catalog carries its intents, their policies and all examples; they are edited and trained as one.
CREATE TABLE intent_catalogs (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version      int NOT NULL CHECK (version > 0),
    catalog      jsonb NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version)
);
SELECT handrail_protect('intent_catalogs');

-- A model has the version of the catalog it was trained from. Exactly one model of a workspace is active.
CREATE TABLE intent_models (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version      int NOT NULL,
    active       boolean NOT NULL DEFAULT false,
    parameters   bytea NOT NULL,
    trained_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version),
    FOREIGN KEY (workspace_id, version) REFERENCES intent_catalogs (workspace_id, version) ON DELETE CASCADE
);
SELECT handrail_protect('intent_models');
CREATE UNIQUE INDEX intent_models_active ON intent_models (workspace_id) WHERE active;
-- The parameters are incompressible floats; trying to compress them would only cost time.
ALTER TABLE intent_models ALTER COLUMN parameters SET STORAGE EXTERNAL;
