-- What the knowledge base could not answer, and people's answers on their way into it. Owned by package curation.

-- +goose Up
-- The questions of a group that was put aside. A question, not the group, is what is dismissed: groups form anew with
-- every reading, and one shows again as soon as it holds a question that is not here.
CREATE TABLE gap_dismissals (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL, -- of the bot's turn
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, conversation_id, seq),
    FOREIGN KEY (workspace_id, conversation_id, seq) REFERENCES turns (workspace_id, conversation_id, seq) ON DELETE CASCADE
);
SELECT handrail_protect('gap_dismissals');

-- A question with an answer that a person gave, before and after its review.
CREATE TABLE drafts (
    workspace_id    uuid NOT NULL REFERENCES workspaces (id),
    id              uuid NOT NULL,
    state           text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'publishing', 'published', 'dismissed')),
    question        text NOT NULL,
    answer          text NOT NULL,
    lang            text NOT NULL,
    collection      text NOT NULL,
    asked           text NOT NULL DEFAULT '', -- the visitor's own words, personal data masked; '' = written by hand
    gap             text NOT NULL DEFAULT '', -- key of the group it answers
    count           int NOT NULL DEFAULT 1 CHECK (count > 0), -- how often it was asked
    conversation_id uuid,
    document_id     uuid,                     -- what the base holds of it; may be gone
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
        ON DELETE SET NULL (conversation_id),
    CHECK (state <> 'published' OR document_id IS NOT NULL)
);
CREATE INDEX drafts_by_state ON drafts (workspace_id, state, updated_at DESC);
CREATE INDEX drafts_publishing ON drafts (updated_at) WHERE state = 'publishing';
SELECT handrail_protect('drafts');

-- One row per ended handoff that was looked at: its key is what makes every handoff count once, on any node.
CREATE TABLE draft_sources (
    workspace_id    uuid NOT NULL,
    handoff_id      bigint NOT NULL,
    draft_id        uuid, -- NULL: nothing worth offering was said
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, handoff_id),
    FOREIGN KEY (workspace_id, handoff_id) REFERENCES handoffs (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, draft_id) REFERENCES drafts (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('draft_sources');

-- The questions that published drafts must go on answering: the suite `handrail eval run reviewed`.
CREATE TABLE reviewed_cases (
    workspace_id    uuid NOT NULL,
    draft_id        uuid NOT NULL,
    wording         text NOT NULL CHECK (wording IN ('reviewed', 'asked')), -- the draft's question, or the visitor's
    question        text NOT NULL,
    lang            text NOT NULL,
    source          text NOT NULL, -- URI of the document that must be cited
    conversation_id uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, draft_id, wording),
    FOREIGN KEY (workspace_id, draft_id) REFERENCES drafts (workspace_id, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
        ON DELETE SET NULL (conversation_id)
);
SELECT handrail_protect('reviewed_cases');

-- Unanswered questions are read by the days in which they were asked, and ended handoffs by when they ended.
CREATE INDEX turns_by_time ON turns (workspace_id, at);
CREATE INDEX handoffs_ended ON handoffs (ended_at) WHERE ended_at IS NOT NULL;
