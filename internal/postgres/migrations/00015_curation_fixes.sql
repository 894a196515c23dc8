-- What curation looks up often, without reading all that a workspace holds.

-- +goose Up
-- A draft's document is looked for in every collection.
CREATE INDEX documents_by_uri ON documents (workspace_id, uri);
-- Questions without an answer are few among the turns, and the latest of them are read.
CREATE INDEX turns_unanswered ON turns (workspace_id, at) WHERE decision <> 'answer';
