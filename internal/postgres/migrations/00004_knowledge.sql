-- Documents, their passages, and what search needs of them: term weights, term statistics, embeddings.

-- +goose Up
CREATE TABLE documents (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    id           uuid NOT NULL,
    collection   text NOT NULL,
    uri          text NOT NULL,
    title        text NOT NULL,
    url          text NOT NULL,
    lang         text NOT NULL,
    hash         bytea NOT NULL,
    tags         text[] NOT NULL,
    updated_at   timestamptz NOT NULL,
    passages     int NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, collection, uri)
);
SELECT handrail_protect('documents');

CREATE TABLE passages (
    workspace_id uuid NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    document_id  uuid NOT NULL,
    ordinal      int NOT NULL,
    title        text NOT NULL,
    heading_path text[] NOT NULL,
    body         text NOT NULL,
    start_byte   int NOT NULL,
    end_byte     int NOT NULL CHECK (end_byte >= start_byte),
    lang         text NOT NULL,
    url          text NOT NULL,
    question     text NOT NULL,
    PRIMARY KEY (workspace_id, id),
    UNIQUE (workspace_id, document_id, ordinal),
    FOREIGN KEY (workspace_id, document_id) REFERENCES documents (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('passages');

-- The document side of BM25: saturated, length-normalised weights by hashed term id. A table of its own, because an
-- exact search reads every row of the workspace and should read nothing else.
CREATE TABLE passage_terms (
    workspace_id uuid NOT NULL,
    passage_id   bigint NOT NULL,
    collection   text NOT NULL,
    length       real NOT NULL,
    weights      sparsevec(1000000000) NOT NULL,
    PRIMARY KEY (workspace_id, passage_id),
    FOREIGN KEY (workspace_id, passage_id) REFERENCES passages (workspace_id, id) ON DELETE CASCADE
) WITH (toast_tuple_target = 8160);
-- Hashes and floats do not compress, and reading them from the TOAST table costs more than scoring them.
ALTER TABLE passage_terms ALTER COLUMN weights SET STORAGE EXTERNAL;
SELECT handrail_protect('passage_terms');

-- One row per workspace: its lock for writers, and the totals that idf and length normalisation need.
CREATE TABLE knowledge_stats (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    passages     bigint NOT NULL,
    length       double precision NOT NULL, -- sum over the passages
    pivot        real NOT NULL,             -- the average length that the stored weights were computed with
    version      bigint NOT NULL            -- raised by every change
);
SELECT handrail_protect('knowledge_stats');

CREATE TABLE knowledge_terms (
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    term         int NOT NULL,
    df           int NOT NULL CHECK (df >= 0), -- passages of the workspace that hold the term
    PRIMARY KEY (workspace_id, term)
) WITH (fillfactor = 80);
SELECT handrail_protect('knowledge_terms');

-- Embeddings. Several models coexist, each with an index of its own, so that changing the model needs no downtime.
CREATE TABLE passage_vectors (
    workspace_id uuid NOT NULL,
    passage_id   bigint NOT NULL,
    collection   text NOT NULL,
    model        text NOT NULL,
    embedding    halfvec NOT NULL,
    PRIMARY KEY (workspace_id, model, passage_id),
    FOREIGN KEY (workspace_id, passage_id) REFERENCES passages (workspace_id, id) ON DELETE CASCADE
);
SELECT handrail_protect('passage_vectors');
-- Deleting a passage looks its vectors up by passage, whatever the model.
CREATE INDEX ON passage_vectors (workspace_id, passage_id);

-- +goose StatementBegin
-- handrail_index_model makes the index of one embedding model. It runs as the owner of the table, because the
-- application role may not create indexes.
CREATE FUNCTION handrail_index_model(model text, dimensions int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    name text := 'passage_vectors_' || left(md5(model || ' ' || dimensions), 16);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(name));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE INDEX %I ON passage_vectors USING hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops)'
            ' WHERE model = %L', name, dimensions, model);
    END IF;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION handrail_index_model FROM PUBLIC;
GRANT EXECUTE ON FUNCTION handrail_index_model TO handrail_app;

-- +goose StatementBegin
-- The shared policy asks for the setting once per row, which would cost more than scoring the row. A sub-select asks
-- once per query and admits exactly the same rows.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['documents', 'passages', 'passage_terms', 'knowledge_stats', 'knowledge_terms', 'passage_vectors']
    LOOP
        EXECUTE format($p$
            ALTER POLICY workspace ON %s USING (
                workspace_id = (SELECT nullif(nullif(current_setting('handrail.workspace', true), ''), '*')::uuid)
                OR (SELECT current_setting('handrail.workspace', true) = '*'))$p$, t);
    END LOOP;
END $$;
-- +goose StatementEnd
