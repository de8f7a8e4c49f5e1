-- Purpose: what decisions rest on (rule sets as they were proved, model files under their hash, every change of a
-- model's state) and the decisions of record with inputs, reasons and full trace, so that each can be run again for ever.
--
-- All facts are append-only: the application may SELECT and INSERT, nothing else.

CREATE SCHEMA decisioning AUTHORIZATION zhudai_owner;
GRANT USAGE ON SCHEMA decisioning TO zhudai_app;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE decisioning.ruleset (
    hash            text NOT NULL PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    name            text NOT NULL CHECK (name <> ''),
    version         integer NOT NULL CHECK (version > 0),
    effective_from  date NOT NULL,
    document        text NOT NULL CHECK (encode(sha256(convert_to(document, 'UTF8')), 'hex') = hash),
    recorded_at     timestamptz NOT NULL,
    actor           text NOT NULL,
    UNIQUE (name, version)
);
COMMENT ON TABLE decisioning.ruleset IS 'Rule packs as canonical JSON text, named by its hash; published only when proved, never changed.';

CREATE TABLE decisioning.model_file (
    sha256   text NOT NULL PRIMARY KEY,
    content  bytea NOT NULL CHECK (octet_length(content) <= 20971520 AND encode(sha256(content), 'hex') = sha256)
);
COMMENT ON TABLE decisioning.model_file IS 'Model files, addressed by their content.';

CREATE TABLE decisioning.model_version (
    model_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name              text NOT NULL CHECK (name <> ''),
    sha256            text NOT NULL REFERENCES decisioning.model_file,
    contract_hash     text NOT NULL CHECK (contract_hash ~ '^[0-9a-f]{64}$'),
    contract          text NOT NULL CHECK (encode(sha256(convert_to(contract, 'UTF8')), 'hex') = contract_hash),
    params            jsonb NOT NULL,
    metrics           jsonb NOT NULL,
    self_test         jsonb NOT NULL,
    data_fingerprint  text NOT NULL,
    data_rows         integer NOT NULL CHECK (data_rows > 0),
    label_definition  text NOT NULL,
    recorded_at       timestamptz NOT NULL,
    actor             text NOT NULL,
    UNIQUE (name, sha256)
);
COMMENT ON TABLE decisioning.model_version IS 'The model registry: what a file is, what it was made of, how good it is, and the vectors it must pass before it serves.';

CREATE TABLE decisioning.model_state (
    change_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     bigint NOT NULL REFERENCES decisioning.model_version,
    state        text NOT NULL CHECK (state IN ('DRAFT', 'VALIDATED', 'CHAMPION', 'RETIRED')),
    recorded_at  timestamptz NOT NULL,
    actor        text NOT NULL
);
COMMENT ON TABLE decisioning.model_state IS 'Every step of a model''s life; the latest one counts.';
CREATE INDEX model_state_latest ON decisioning.model_state (model_id, change_id DESC);

CREATE TABLE decisioning.decision (
    decision_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id          bigint NOT NULL,
    stage                   text NOT NULL CHECK (stage IN ('PRE_APPROVAL', 'ANTI_FRAUD')),
    attempt                 integer NOT NULL CHECK (attempt > 0),
    outcome                 text NOT NULL CHECK (outcome IN ('PASS', 'REFER', 'REJECT')),
    probability_of_default  numeric(11, 10) CHECK (probability_of_default BETWEEN 0 AND 1),
    score                   integer,
    model_hash              text REFERENCES decisioning.model_file,
    contract_hash           text,
    ruleset_hash            text NOT NULL REFERENCES decisioning.ruleset,
    currency                char(3) NOT NULL,
    outputs                 jsonb NOT NULL,
    inputs                  jsonb NOT NULL,
    inputs_hash             text NOT NULL CHECK (inputs_hash ~ '^[0-9a-f]{64}$'),
    trace                   jsonb NOT NULL,
    content_hash            text NOT NULL CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    decided_on              date NOT NULL,
    valid_until             date NOT NULL CHECK (valid_until >= decided_on),
    command_key             text NOT NULL CHECK (command_key <> ''),
    received_at             timestamptz NOT NULL,
    actor                   text NOT NULL,
    UNIQUE (application_id, stage, attempt),
    CHECK (num_nonnulls(probability_of_default, score, model_hash, contract_hash) IN (0, 4)),
    CHECK (outcome <> 'REJECT' OR outputs = '{}'::jsonb)
);
COMMENT ON TABLE decisioning.decision IS 'Decisions of record. inputs, versions and content_hash are what a replay needs to give the same bytes.';

CREATE TABLE decisioning.decision_reason (
    decision_id  bigint NOT NULL REFERENCES decisioning.decision,
    position     smallint NOT NULL CHECK (position > 0),
    code         text NOT NULL CHECK (code <> ''),
    source       text NOT NULL CHECK (source IN ('RULE', 'MODEL', 'DATA')),
    field        text,
    rule         text,
    points       numeric(12, 6),
    text_zh      text NOT NULL CHECK (text_zh <> ''),
    text_en      text NOT NULL CHECK (text_en <> ''),
    PRIMARY KEY (decision_id, position)
);
COMMENT ON TABLE decisioning.decision_reason IS 'The reasons of decisions in both languages, as they were said on that day.';
CREATE INDEX decision_reason_code ON decisioning.decision_reason (code);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA decisioning TO zhudai_app;

RESET ROLE;
