-- Encryption at rest. Owned by package seal, except for the columns that are named sealed: those belong to the packages
-- of their tables. A sealed column of a row from before holds version 0, plain, until the next start seals it.

-- +goose Up
-- Which operator keys this database is sealed with, so that a server with another one is refused at its start.
CREATE TABLE operator_keys (
    id         text PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE workspace_keys (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           int NOT NULL CHECK (id > 0), -- the highest wraps new keys
    operator_key text NOT NULL,
    wrapped      bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('workspace_keys');

CREATE TABLE data_keys (
    workspace_id  uuid NOT NULL,
    owner         uuid NOT NULL, -- a contact; all zeros = rows of no contact, all ones = the search index
    id            bigint NOT NULL,
    workspace_key int NOT NULL,
    wrapped       bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, owner),
    FOREIGN KEY (workspace_id, workspace_key) REFERENCES workspace_keys (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX data_keys_by_workspace_key ON data_keys (workspace_id, workspace_key);
SELECT handrail_protect('data_keys');

-- Tables that hold rows which the next start must seal; nothing in a new database.
CREATE TABLE plain_rows (name text PRIMARY KEY);

-- Joins fields as package seal packs them, behind version 0.
-- +goose StatementBegin
CREATE FUNCTION handrail_plain(VARIADIC fields text[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT '\x00'::bytea || coalesce(string_agg(
        CASE WHEN f IS NULL THEN int4send(-1)
             ELSE int4send(octet_length(convert_to(f, 'UTF8'))) || convert_to(f, 'UTF8') END, ''::bytea ORDER BY n), '')
    FROM unnest(fields) WITH ORDINALITY AS u (f, n)
$$;
-- +goose StatementEnd

-- The owner of a table is subject to its policy too.
SELECT set_config('handrail.workspace', '*', true);

-- contacts.sealed: name, e-mail, telephone, attributes.
ALTER TABLE contacts
    ADD COLUMN sealed    bytea,
    ADD COLUMN timezone  text NOT NULL DEFAULT '',       -- IANA name, as the browser gives it
    ADD COLUMN verified  boolean NOT NULL DEFAULT false, -- name, e-mail and attributes come from a signed identity
    ADD COLUMN erased_at timestamptz;
UPDATE contacts SET sealed = handrail_plain(name, email, '', NULL);
INSERT INTO plain_rows SELECT 'contacts' WHERE EXISTS (SELECT FROM contacts);
ALTER TABLE contacts ALTER COLUMN sealed SET NOT NULL, DROP COLUMN name, DROP COLUMN email;

-- conversations.sealed: the page, whose address may hold tokens.
ALTER TABLE conversations ADD COLUMN sealed bytea, ADD COLUMN erased_at timestamptz;
UPDATE conversations SET sealed = handrail_plain(page_url);
INSERT INTO plain_rows SELECT 'conversations' WHERE EXISTS (SELECT FROM conversations);
ALTER TABLE conversations ALTER COLUMN sealed SET NOT NULL, DROP COLUMN page_url;

-- messages.sealed: the sender's name, body, data.
ALTER TABLE messages ADD COLUMN sealed bytea;
UPDATE messages SET sealed = handrail_plain(sender_name, body, data::text);
INSERT INTO plain_rows SELECT 'messages' WHERE EXISTS (SELECT FROM messages);
ALTER TABLE messages ALTER COLUMN sealed SET NOT NULL, DROP COLUMN sender_name, DROP COLUMN body, DROP COLUMN data;

-- handoffs.sealed: summary, entities, passages.
ALTER TABLE handoffs ADD COLUMN sealed bytea;
UPDATE handoffs SET sealed = handrail_plain(summary, entities::text, passages::text);
INSERT INTO plain_rows SELECT 'handoffs' WHERE EXISTS (SELECT FROM handoffs);
ALTER TABLE handoffs ALTER COLUMN sealed SET NOT NULL,
    DROP COLUMN summary, DROP COLUMN entities, DROP COLUMN passages;
