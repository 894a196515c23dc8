-- The page of a passage in a paginated document, so that a citation opens there. Owned by package knowledge.

-- +goose Up
ALTER TABLE passages ADD COLUMN page int NOT NULL DEFAULT 0 CHECK (page >= 0); -- from 1; 0 has no pages
