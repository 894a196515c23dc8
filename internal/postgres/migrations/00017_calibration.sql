-- How sure the bot must be, how its evidence becomes a probability, and what people said about its answers. Only bot
-- writes these tables.

-- +goose Up
-- A version is never changed, so that one can compare two of them and go back. Without an active one the calibrator
-- that ships is used.
CREATE TABLE calibrators (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    version      int NOT NULL CHECK (version > 0),
    kind         text NOT NULL CHECK (kind IN ('logistic', 'isotonic')),
    parameters   jsonb NOT NULL,
    cases        int NOT NULL CHECK (cases > 0),  -- that it was fitted to
    ece          double precision,                -- both measured on cases left out of the fit; NULL = cannot be said
    auroc        double precision,
    curve        jsonb NOT NULL DEFAULT '{}',     -- risk by threshold, on cases left out of the fit
    active       boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version)
);
CREATE UNIQUE INDEX calibrators_active ON calibrators (workspace_id) WHERE active;
SELECT handrail_protect('calibrators');

CREATE TABLE bot_settings (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    threshold    double precision CHECK (threshold > 0 AND threshold < 1), -- NULL = that of the configuration
    updated_at   timestamptz NOT NULL DEFAULT now()
);
SELECT handrail_protect('bot_settings');

-- Whether the bot's answer of a turn, given or withheld, was right, by the last person who said so.
CREATE TABLE turn_verdicts (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    correct         boolean NOT NULL,
    actor           text NOT NULL, -- as in audit_log
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, seq),
    FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES turns (workspace_id, conversation_id, seq) ON DELETE CASCADE
);
SELECT handrail_protect('turn_verdicts');

-- What the bot would have answered, had it been sure enough: an agent judges it, and sees it.
ALTER TABLE turns ADD COLUMN withheld jsonb;
-- The version of the calibrator that gave the confidence; 0 = the one that ships.
ALTER TABLE turns ADD COLUMN calibrator int NOT NULL DEFAULT 0;
-- Ratings are few among the messages, and labels are read from them.
CREATE INDEX messages_ratings ON messages (workspace_id, conversation_id, seq) WHERE kind = 'csat';
