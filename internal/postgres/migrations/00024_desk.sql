-- Groups, hours, offers, conferences and alerts of the desk; webhooks. Package handoff writes the former, webhook the latter.

-- +goose Up
-- Opening hours, which groups name. Those named 'default' hold for all that name none.
CREATE TABLE desk_hours (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    name         text NOT NULL,
    schedule     jsonb NOT NULL,
    PRIMARY KEY (workspace_id, name)
);
SELECT handrail_protect('desk_hours');

CREATE TABLE agent_groups (
    workspace_id uuid NOT NULL REFERENCES workspaces (id),
    id           uuid NOT NULL,
    name         text NOT NULL,
    policy       text NOT NULL CHECK (policy IN ('least_loaded', 'longest_idle', 'round_robin', 'skills')),
    offer_s      int NOT NULL CHECK (offer_s BETWEEN 0 AND 3600), -- 0 = assigned without asking
    hours        text NOT NULL DEFAULT '',                        -- name in desk_hours, '' = the default
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, name)
);
SELECT handrail_protect('agent_groups');

CREATE TABLE group_members (
    workspace_id uuid NOT NULL,
    group_id     uuid NOT NULL,
    user_id      bigint NOT NULL,
    PRIMARY KEY (workspace_id, group_id, user_id),
    FOREIGN KEY (workspace_id, group_id) REFERENCES agent_groups (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, user_id) REFERENCES users (workspace_id, id)
);
CREATE INDEX group_members_by_user ON group_members (workspace_id, user_id);
SELECT handrail_protect('group_members');

-- What is offered to an agent takes a place like what they have.
ALTER TABLE agents
    ADD COLUMN offered     int NOT NULL DEFAULT 0,
    ADD COLUMN skills      jsonb NOT NULL DEFAULT '{}', -- name -> level, 1 to 5
    ADD COLUMN languages   text[] NOT NULL DEFAULT '{}',
    ADD COLUMN assigned_at timestamptz, -- the latest assignment, NULL = never
    ADD CONSTRAINT agents_room CHECK (offered >= 0 AND load + offered <= capacity);

-- rank is the order of service: five minutes of waiting count as much as one point of priority, so that nobody is
-- overtaken for ever. Time passes for all alike, hence the order among those who wait never changes by itself.
ALTER TABLE handoffs
    ADD COLUMN need       jsonb NOT NULL DEFAULT '{}', -- routing.Need: policy, skills, language, agent
    ADD COLUMN rule       int NOT NULL DEFAULT 0,      -- that sent it here, 0 = none
    ADD COLUMN opens_at   timestamptz,                 -- it came out of hours: nobody is given it before then
    ADD COLUMN from_seq   bigint NOT NULL DEFAULT 0,   -- last entry before the handoff
    ADD COLUMN replied_at timestamptz,                 -- first text of a person, once the SLA's timer has seen it
    ADD COLUMN offered_to bigint,                      -- has an offer that is open
    ADD COLUMN rank timestamp GENERATED ALWAYS AS ((queued_at AT TIME ZONE 'UTC') - priority * interval '5 minutes') STORED,
    ADD CONSTRAINT handoffs_offered CHECK (offered_to IS NULL OR waiting_since IS NOT NULL);
DROP INDEX handoffs_queue;
CREATE INDEX handoffs_queue ON handoffs (workspace_id, team, front DESC, rank, id) WHERE waiting_since IS NOT NULL;
CREATE INDEX handoffs_unanswered ON handoffs (workspace_id, queued_at) WHERE ended_at IS NULL AND replied_at IS NULL;

ALTER TABLE assignments DROP CONSTRAINT assignments_outcome_check;
ALTER TABLE assignments ADD CONSTRAINT assignments_outcome_check
    CHECK (outcome IN ('', 'closed', 'returned', 'agent_gone', 'transferred'));
CREATE INDEX assignments_of_conversation ON assignments (workspace_id, conversation_id, id DESC);

CREATE TABLE offers (
    workspace_id    uuid NOT NULL,
    id              bigint GENERATED ALWAYS AS IDENTITY,
    handoff_id      bigint NOT NULL,
    conversation_id uuid NOT NULL,
    agent_id        bigint NOT NULL,
    offered_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    -- transferred: the agent gave it away to a group, and is not asked for it like one who declined
    outcome         text NOT NULL DEFAULT ''
                    CHECK (outcome IN ('', 'accepted', 'declined', 'expired', 'withdrawn', 'transferred')),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, handoff_id) REFERENCES handoffs (workspace_id, id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES agents (workspace_id, user_id),
    CHECK ((ended_at IS NULL) = (outcome = ''))
);
-- A conversation is offered to one agent at a time.
CREATE UNIQUE INDEX offers_open ON offers (workspace_id, conversation_id) WHERE ended_at IS NULL;
CREATE INDEX offers_due ON offers (expires_at) WHERE ended_at IS NULL;
CREATE INDEX offers_of_handoff ON offers (workspace_id, handoff_id);
SELECT handrail_protect('offers');

-- Agents beside the one in charge. They take none of their capacity.
CREATE TABLE guests (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    agent_id        bigint NOT NULL,
    invited_by      bigint NOT NULL,
    joined_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, agent_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id),
    FOREIGN KEY (workspace_id, agent_id) REFERENCES users (workspace_id, id)
);
CREATE INDEX guests_by_agent ON guests (workspace_id, agent_id);
SELECT handrail_protect('guests');

-- How long visitors may wait, and who hears of it. A workspace without a row has the defaults of package handoff.
CREATE TABLE desk_sla (
    workspace_id     uuid PRIMARY KEY REFERENCES workspaces (id),
    first_response_s int NOT NULL CHECK (first_response_s >= 0), -- 0 = no limit
    waiting_s        int NOT NULL CHECK (waiting_s >= 0),
    ladder           jsonb NOT NULL
);
SELECT handrail_protect('desk_sla');

-- One row per limit that a handoff has passed; the key is what makes an alert go out once.
CREATE TABLE desk_alerts (
    workspace_id    uuid NOT NULL,
    handoff_id      bigint NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('first_response', 'waiting')),
    conversation_id uuid NOT NULL,
    since           timestamptz NOT NULL, -- the limit was passed then
    level           int NOT NULL DEFAULT 1,
    notified        text[] NOT NULL DEFAULT '{}', -- whom the ladder has called so far
    cleared_at      timestamptz,
    PRIMARY KEY (workspace_id, handoff_id, kind),
    FOREIGN KEY (workspace_id, handoff_id) REFERENCES handoffs (workspace_id, id)
);
CREATE INDEX desk_alerts_open ON desk_alerts (workspace_id) WHERE cleared_at IS NULL;
SELECT handrail_protect('desk_alerts');

CREATE TABLE webhooks (
    workspace_id  uuid NOT NULL REFERENCES workspaces (id),
    id            uuid NOT NULL,
    url           text NOT NULL,
    events        text[] NOT NULL,
    secret        bytea NOT NULL, -- signs; it must be known to sign, so it cannot be stored as a hash
    bodies        boolean NOT NULL DEFAULT false, -- it asked for the words of messages
    created_at    timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz, -- of the failures since the last success
    disabled_at   timestamptz,
    PRIMARY KEY (workspace_id, id)
);
SELECT handrail_protect('webhooks');

-- One row per attempt.
CREATE TABLE webhook_deliveries (
    workspace_id uuid NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    webhook_id   uuid NOT NULL,
    event_id     uuid NOT NULL,
    event        text NOT NULL,
    attempt      int NOT NULL,
    status       int NOT NULL, -- HTTP, 0 = no answer
    error        text NOT NULL,
    took_ms      int NOT NULL,
    at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, webhook_id) REFERENCES webhooks (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_of ON webhook_deliveries (workspace_id, webhook_id, id DESC);
SELECT handrail_protect('webhook_deliveries');
