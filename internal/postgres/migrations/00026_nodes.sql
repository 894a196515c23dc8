-- Nodes that share this database find each other here. Only internal/events writes these tables. They belong to the
-- installation, not to a workspace, so only transactions that name every workspace see them.

-- +goose Up
CREATE TABLE nodes (
    name        text PRIMARY KEY,
    address     text NOT NULL,        -- host:port where other nodes' event servers reach this one
    started_at  timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz NOT NULL  -- on the database's clock; a node that is gone stops renewing it
);
ALTER TABLE nodes ENABLE ROW LEVEL SECURITY;
ALTER TABLE nodes FORCE ROW LEVEL SECURITY;
CREATE POLICY installation ON nodes USING (current_setting('handrail.workspace', true) = '*');

-- One row: what nodes prove to each other that they use the same database.
CREATE TABLE cluster (
    the_one boolean PRIMARY KEY DEFAULT true CHECK (the_one),
    token   text NOT NULL
);
ALTER TABLE cluster ENABLE ROW LEVEL SECURITY;
ALTER TABLE cluster FORCE ROW LEVEL SECURITY;
CREATE POLICY installation ON cluster USING (current_setting('handrail.workspace', true) = '*');
