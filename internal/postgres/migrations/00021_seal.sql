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

-- The reference to the workspace key does not cascade: a rotation must never take a data key with it.
CREATE TABLE data_keys (
    workspace_id  uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    owner         uuid NOT NULL, -- a contact; all zeros = rows of no contact, all ones = the search index
    id            bigint NOT NULL,
    workspace_key int NOT NULL,
    wrapped       bytea NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, owner),
    FOREIGN KEY (workspace_id, workspace_key) REFERENCES workspace_keys (workspace_id, id)
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

-- turns.sealed: entities, passages, the withheld answer or none.
ALTER TABLE turns ADD COLUMN sealed bytea, ADD COLUMN withholds boolean NOT NULL DEFAULT false;
UPDATE turns SET sealed = handrail_plain(entities::text, passages::text, withheld::text), withholds = withheld IS NOT NULL;
INSERT INTO plain_rows SELECT 'turns' WHERE EXISTS (SELECT FROM turns);
ALTER TABLE turns ALTER COLUMN sealed SET NOT NULL,
    DROP COLUMN entities, DROP COLUMN passages, DROP COLUMN withheld;

-- drafts.sealed: question, answer, asked, gap. What is published is the workspace's own text, the rest the contact's.
ALTER TABLE drafts ADD COLUMN sealed bytea, ADD COLUMN contact_id uuid; -- NULL = sealed for the workspace
UPDATE drafts d SET sealed = handrail_plain(question, answer, asked, gap), contact_id = CASE WHEN state = 'published' THEN NULL
    ELSE (SELECT c.contact_id FROM conversations c WHERE c.workspace_id = d.workspace_id AND c.id = d.conversation_id) END;
INSERT INTO plain_rows SELECT 'drafts' WHERE EXISTS (SELECT FROM drafts);
ALTER TABLE drafts ALTER COLUMN sealed SET NOT NULL,
    DROP COLUMN question, DROP COLUMN answer, DROP COLUMN asked, DROP COLUMN gap;

-- reviewed_cases.sealed: the question.
ALTER TABLE reviewed_cases ADD COLUMN sealed bytea;
UPDATE reviewed_cases SET sealed = handrail_plain(question);
INSERT INTO plain_rows SELECT 'reviewed_cases' WHERE EXISTS (SELECT FROM reviewed_cases);
ALTER TABLE reviewed_cases ALTER COLUMN sealed SET NOT NULL, DROP COLUMN question;

-- eval_cases.sealed: question, history and facts.
ALTER TABLE eval_cases ADD COLUMN sealed bytea, ADD COLUMN contact_id uuid; -- NULL = sealed for the workspace
UPDATE eval_cases e SET sealed = handrail_plain(question, array_to_json(history)::text, facts::text), contact_id =
    (SELECT c.contact_id FROM conversations c WHERE c.workspace_id = e.workspace_id AND c.id = e.conversation_id);
INSERT INTO plain_rows SELECT 'eval_cases' WHERE EXISTS (SELECT FROM eval_cases);
ALTER TABLE eval_cases ALTER COLUMN sealed SET NOT NULL, DROP COLUMN question, DROP COLUMN history, DROP COLUMN facts;

-- eval_runs.sealed: the report of a run that is done, which repeats the questions.
ALTER TABLE eval_runs ADD COLUMN sealed bytea;
UPDATE eval_runs SET sealed = handrail_plain(report::text) WHERE report IS NOT NULL;
INSERT INTO plain_rows SELECT 'eval_runs' WHERE EXISTS (SELECT FROM eval_runs WHERE report IS NOT NULL);
ALTER TABLE eval_runs DROP COLUMN report;
ALTER TABLE eval_runs ADD CONSTRAINT eval_runs_report CHECK ((state = 'done') = (sealed IS NOT NULL));

-- The index of the history: of every 64 entries of a conversation, keyed hashes of their terms. It does not refer to
-- conversations, because the check would wait for whoever writes there.
CREATE TABLE search_chunks (
    workspace_id    uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    conversation_id uuid NOT NULL,
    chunk           bigint NOT NULL, -- of entries 64 * chunk + 1 to 64 * chunk + 64
    upto            bigint NOT NULL, -- the last entry that was read
    terms           bigint[] NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, chunk)
);
CREATE INDEX search_chunks_terms ON search_chunks USING gin (terms);
SELECT handrail_protect('search_chunks');
