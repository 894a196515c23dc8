-- How far the messages of a conversation have been told to webhooks. Only handoff writes this table.

-- +goose Up
CREATE TABLE webhook_marks (
    workspace_id    uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations (workspace_id, id)
);
SELECT handrail_protect('webhook_marks');
