-- Who contacts are known to be; files beside messages; edits; read marks.

-- +goose Up
-- A contact may be known in several browsers. The first one's token stands in contacts, the others' here.
CREATE TABLE contact_tokens (
    workspace_id uuid NOT NULL,
    token_hash   bytea PRIMARY KEY, -- SHA-256
    contact_id   uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_tokens_of_contact ON contact_tokens (workspace_id, contact_id, created_at DESC);
SELECT handrail_protect('contact_tokens');

-- Whom a site's own accounts are here. The subject itself is not needed to find the contact.
CREATE TABLE contact_identities (
    workspace_id uuid NOT NULL,
    sub_hash     bytea NOT NULL, -- SHA-256 of workspace and subject
    contact_id   uuid NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, sub_hash),
    UNIQUE (workspace_id, contact_id), -- one person is one contact, in both directions
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('contact_identities');

-- The keys by which a site signs who its visitors are. Several are valid at a time, so that they can be exchanged.
CREATE TABLE identity_secrets (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    secret       bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('identity_secrets');

-- A file that was uploaded. It becomes part of a conversation with the entry that carries it.
CREATE TABLE attachments (
    workspace_id    uuid NOT NULL,
    id              uuid NOT NULL,
    contact_id      uuid NOT NULL, -- whose conversation it is for
    conversation_id uuid,          -- NULL while a visitor who has none uploads
    seq             bigint,        -- of the entry that carries it; NULL until it is sent
    sender_kind     text NOT NULL CHECK (sender_kind IN ('visitor', 'agent')),
    sender_id       text NOT NULL,
    name            text NOT NULL,
    media_type      text NOT NULL, -- by content
    size            bigint NOT NULL,
    width           int NOT NULL DEFAULT 0, -- of images, in pixels
    height          int NOT NULL DEFAULT 0,
    sha256          bytea NOT NULL,
    removed         boolean NOT NULL DEFAULT false, -- its sender took it back: the bytes are gone
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE,
    CHECK (seq IS NULL OR conversation_id IS NOT NULL)
);
CREATE INDEX attachments_of_contact ON attachments (workspace_id, contact_id, created_at);
CREATE INDEX attachments_unsent ON attachments (created_at) WHERE seq IS NULL;
SELECT handrail_protect('attachments');

-- The bytes of attachments, in pieces, so that neither end holds a file in one value. They are compressed already.
CREATE TABLE blobs (
    workspace_id  uuid NOT NULL,
    attachment_id uuid NOT NULL,
    n             int NOT NULL, -- 0, 1, 2, ...
    chunk         bytea NOT NULL,
    PRIMARY KEY (workspace_id, attachment_id, n),
    FOREIGN KEY (workspace_id, attachment_id) REFERENCES attachments (workspace_id, id) ON DELETE CASCADE
);
ALTER TABLE blobs ALTER COLUMN chunk SET STORAGE EXTERNAL;
SELECT handrail_protect('blobs');

-- The latest edit of each entry that was edited: where to look, whatever the length of the conversation.
CREATE TABLE edits (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL, -- of the entry that was edited
    edit_seq        bigint NOT NULL, -- of the entry that holds the new text
    removed         boolean NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, seq),
    FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES messages (workspace_id, conversation_id, seq)
        ON DELETE CASCADE
);
SELECT handrail_protect('edits');

-- How far each side has read. Apart from conversations, so that reading never waits for writing.
CREATE TABLE read_marks (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    visitor         bigint NOT NULL DEFAULT 0,
    staff           bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
) WITH (fillfactor = 50);
SELECT handrail_protect('read_marks');
