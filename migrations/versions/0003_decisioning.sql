-- Purpose: decision tables and models as registered, and every decision of record with its inputs, trace and reasons.
-- All of it is facts: nothing here is ever updated or deleted.

CREATE SCHEMA decisioning AUTHORIZATION zhudai_owner;
REVOKE ALL ON SCHEMA decisioning FROM PUBLIC;
SET LOCAL ROLE zhudai_owner;

-- A rule set is its text; its hash is its name. A product names its pack by `name`, the newest that is in force counts.
CREATE TABLE decisioning.ruleset (
  ruleset_hash   text        NOT NULL,
  name           text        NOT NULL,
  version        int         NOT NULL,
  document       text        NOT NULL,
  effective_from date        NOT NULL,
  registered_at  timestamptz NOT NULL,
  actor          text        NOT NULL,
  CONSTRAINT ruleset_pkey PRIMARY KEY (ruleset_hash),
  CONSTRAINT ruleset_version_once UNIQUE (name, version),
  CONSTRAINT ruleset_hash_is_sha256 CHECK (ruleset_hash ~ '^[0-9a-f]{64}$'),
  CONSTRAINT ruleset_version_counts CHECK (version >= 1)
);
COMMENT ON TABLE decisioning.ruleset IS 'Decision packs by hash, immutable; a pack is proved before it is registered.';

-- What is known of a model file, so that its bytes are checked before they are parsed.
CREATE TABLE decisioning.model_version (
  model_hash    text        NOT NULL,
  contract_hash text        NOT NULL,
  document      jsonb       NOT NULL,
  registered_at timestamptz NOT NULL,
  actor         text        NOT NULL,
  CONSTRAINT model_version_pkey PRIMARY KEY (model_hash),
  CONSTRAINT model_version_hash_is_sha256 CHECK (model_hash ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE decisioning.model_version IS 'Registered models: hash, contract, parameters, metrics, self-test.';

CREATE TABLE decisioning.decision (
  decision_id            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  application_id         bigint      NOT NULL,
  stage                  text        NOT NULL,
  attempt                int         NOT NULL,
  decided_on             date        NOT NULL,
  currency               char(3)     NOT NULL,
  facts                  jsonb       NOT NULL,
  facts_hash             bytea       NOT NULL,
  outcome                text        NOT NULL,
  outputs                jsonb       NOT NULL,
  probability_of_default numeric,
  score                  int,
  model_hash             text,
  contract_hash          text,
  ruleset_hash           text        NOT NULL,
  valid_until            date        NOT NULL,
  trace                  jsonb       NOT NULL,
  actor                  text        NOT NULL,
  command_key            text        NOT NULL,
  received_at            timestamptz NOT NULL,
  CONSTRAINT decision_pkey PRIMARY KEY (decision_id),
  CONSTRAINT decision_question_once UNIQUE (application_id, stage, attempt),
  CONSTRAINT decision_stage_known CHECK (stage IN ('PRE_APPROVAL', 'ANTI_FRAUD')),
  CONSTRAINT decision_outcome_known CHECK (outcome IN ('PASS', 'REFER', 'REJECT')),
  CONSTRAINT decision_attempt_counts CHECK (attempt >= 1),
  CONSTRAINT decision_facts_hash_width CHECK (octet_length(facts_hash) = 32),
  CONSTRAINT decision_probability_is_one CHECK (probability_of_default BETWEEN 0 AND 1),
  CONSTRAINT decision_ruleset_known FOREIGN KEY (ruleset_hash) REFERENCES decisioning.ruleset (ruleset_hash)
);
COMMENT ON TABLE decisioning.decision IS 'Decisions of record: the question, the answer, and everything the answer rests on.';

CREATE TABLE decisioning.decision_reason (
  decision_id bigint NOT NULL,
  place       int    NOT NULL,
  code        text   NOT NULL,
  source      text   NOT NULL,
  field       text,
  rule        text,
  points      numeric,
  zh          text   NOT NULL,
  en          text   NOT NULL,
  CONSTRAINT decision_reason_pkey PRIMARY KEY (decision_id, place),
  CONSTRAINT decision_reason_of_decision FOREIGN KEY (decision_id) REFERENCES decisioning.decision (decision_id)
);
COMMENT ON TABLE decisioning.decision_reason IS 'Why, in both languages, as it was said at the time; the weightiest first.';
CREATE INDEX decision_reason_code ON decisioning.decision_reason (code);

GRANT USAGE ON SCHEMA decisioning TO zhudai_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA decisioning TO zhudai_app;
RESET ROLE;
