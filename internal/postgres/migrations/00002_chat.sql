-- Contacts, conversations and their messages. Only internal/chat writes these tables.

-- +goose Up
CREATE TABLE contacts (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    id           uuid NOT NULL,
    name         text NOT NULL,
    email        text NOT NULL,
    lang         text NOT NULL,
    token_hash   bytea UNIQUE, -- SHA-256 of the token in the visitor's browser
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('contacts');

-- No column that changes with every message is indexed, and pages keep room to spare, so that the update of last_seq
-- touches no index (HOT). That is why due turns stand in a table of their own.
CREATE TABLE conversations (
    workspace_id uuid NOT NULL,
    id           uuid NOT NULL,
    contact_id   uuid NOT NULL,
    state        text NOT NULL DEFAULT 'bot' CHECK (state IN ('bot', 'queued', 'human', 'closed')),
    channel      text NOT NULL,
    lang         text NOT NULL,
    page_url     text NOT NULL,
    last_seq     bigint NOT NULL DEFAULT 0,
    epoch        int NOT NULL DEFAULT 0,
    agent_id     bigint,
    turn_due     bigint NOT NULL DEFAULT 0, -- seq of the visitor's message that awaits the bot, 0 = none
    priority     int NOT NULL DEFAULT 0,
    csat         smallint NOT NULL DEFAULT 0 CHECK (csat BETWEEN 0 AND 5),
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    closed_at    timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts (workspace_id, id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES users (workspace_id, id),
    CHECK ((state = 'human') = (agent_id IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (turn_due = 0 OR state = 'bot')
) WITH (fillfactor = 70);
CREATE INDEX conversations_of_contact ON conversations (workspace_id, contact_id, created_at DESC);
CREATE INDEX conversations_by_state ON conversations (workspace_id, state, created_at DESC);
CREATE INDEX conversations_of_agent ON conversations (workspace_id, agent_id) WHERE agent_id IS NOT NULL;
SELECT handrail_protect('conversations');

-- seq is gap free and in commit order per conversation. The second key makes a repeated send harmless.
CREATE TABLE messages (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    client_id       uuid NOT NULL,
    sender_kind     text NOT NULL,
    sender_id       text NOT NULL,
    sender_name     text NOT NULL,
    kind            text NOT NULL,
    body            text NOT NULL,
    data            json, -- json, not jsonb: it is returned byte for byte
    epoch           int NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id, seq),
    UNIQUE (workspace_id, conversation_id, client_id, sender_kind, sender_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
SELECT handrail_protect('messages');

-- One row per conversation whose turn_due is not 0: the work list of the turn workers, with their leases.
CREATE TABLE due_turns (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    epoch           int NOT NULL,
    due_at          timestamptz NOT NULL, -- of the first message that awaits the answer
    attempt         int NOT NULL DEFAULT 0,
    node            text NOT NULL DEFAULT '',
    lease_until     timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
) WITH (fillfactor = 50);
CREATE INDEX due_turns_by_age ON due_turns (due_at);
SELECT handrail_protect('due_turns');
