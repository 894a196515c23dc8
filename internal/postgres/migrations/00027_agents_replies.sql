-- +goose Up
-- Agents' replies are looked for at every change of the desk: whether there was a first one, and which was the latest. A
-- visitor who writes a thousand messages must not make that slower.
CREATE INDEX messages_of_agents ON messages (workspace_id, conversation_id, seq)
    WHERE sender_kind = 'agent' AND kind IN ('text', 'file');
