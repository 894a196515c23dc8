-- What the bot decided in each turn, and why. Owned by package bot.

-- +goose Up
CREATE TABLE turns (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,   -- of the visitor message that was answered
    decision        text NOT NULL CHECK (decision IN ('answer', 'clarify', 'handoff')),
    reason          text NOT NULL,
    confidence      double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    threshold       double precision NOT NULL,
    lang            text NOT NULL,
    intent          text NOT NULL,
    intent_prob     double precision NOT NULL,
    entities        jsonb NOT NULL,
    passages        jsonb NOT NULL,
    features        jsonb NOT NULL,
    model           text NOT NULL,     -- "" when the answer was quoted
    prompt          text NOT NULL,     -- version of the prompt template, "" when quoted
    prompt_tokens   int NOT NULL,
    reply_tokens    int NOT NULL,
    took            interval NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, seq),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('turns');
