-- Agents' presence, conversations handed to people, and who took them. Only handoff writes these tables.

-- +goose Up
-- An agent is a member of staff who has been online at least once. Presence is a lease on the database's clock.
CREATE TABLE agents (
    workspace_id uuid NOT NULL,
    user_id      bigint NOT NULL,
    status       text NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'away', 'offline')),
    lease_until  timestamptz NOT NULL DEFAULT '-infinity',
    load         int NOT NULL DEFAULT 0,
    capacity     int NOT NULL DEFAULT 5 CHECK (capacity BETWEEN 1 AND 1000),
    idle_since   timestamptz NOT NULL DEFAULT now(), -- when the load last changed
    PRIMARY KEY (workspace_id, user_id),
    FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id),
    CHECK (load BETWEEN 0 AND capacity)
);
SELECT handrail_protect('agents');

-- One row per time a conversation was handed to people, with the evidence for it.
CREATE TABLE handoffs (
    workspace_id    uuid NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    conversation_id uuid NOT NULL,
    reason          text NOT NULL,
    summary         text NOT NULL,
    team            text NOT NULL, -- the group of agents it is meant for, '' = any
    intent          text NOT NULL,
    lang            text NOT NULL,
    confidence      double precision NOT NULL,
    priority        int NOT NULL,
    entities        jsonb NOT NULL DEFAULT '[]',
    passages        jsonb NOT NULL DEFAULT '[]',
    turn_seq        bigint NOT NULL,
    queued_at       timestamptz NOT NULL DEFAULT now(),
    waiting_since   timestamptz,           -- NULL: not in the queue now
    front           boolean NOT NULL DEFAULT false, -- its agent went away: it is served before all others
    ended_at        timestamptz,
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id),
    CHECK (ended_at IS NULL OR waiting_since IS NULL)
);
CREATE UNIQUE INDEX handoffs_open ON handoffs (workspace_id, conversation_id) WHERE ended_at IS NULL;
CREATE INDEX handoffs_of_conversation ON handoffs (workspace_id, conversation_id, id);
CREATE INDEX handoffs_queue ON handoffs (workspace_id, front DESC, priority DESC, queued_at, id)
    WHERE waiting_since IS NOT NULL;
SELECT handrail_protect('handoffs');

CREATE TABLE assignments (
    workspace_id    uuid NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    handoff_id      bigint NOT NULL,
    conversation_id uuid NOT NULL,
    agent_id        bigint NOT NULL,
    waiting_since   timestamptz NOT NULL,
    started_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz,
    outcome         text NOT NULL DEFAULT '' CHECK (outcome IN ('', 'closed', 'returned', 'agent_gone')),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, handoff_id) REFERENCES handoffs (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, user_id),
    CHECK ((ended_at IS NULL) = (outcome = ''))
);
-- A conversation is with one agent at most.
CREATE UNIQUE INDEX assignments_open ON assignments (workspace_id, conversation_id) WHERE ended_at IS NULL;
CREATE INDEX assignments_of_agent ON assignments (workspace_id, agent_id) WHERE ended_at IS NULL;
CREATE INDEX assignments_of_handoff ON assignments (workspace_id, handoff_id, id);
CREATE INDEX assignments_recent ON assignments (workspace_id, started_at DESC);
SELECT handrail_protect('assignments');
