-- What curation looks up often, without reading all that a workspace holds.

-- +goose Up
-- A draft's document is looked for in every collection.
CREATE INDEX documents_by_uri ON documents (workspace_id, uri);
