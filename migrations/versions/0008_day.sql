-- Purpose: the close of business. A run is begun once per business date and fixes how the loans are cut into chunks; each
-- finished (step, chunk) leaves a row in the same transaction as its entries, so that an interrupted run goes on exactly
-- where it stopped; a date is closed when its last step is done. Append-only.

CREATE SCHEMA day AUTHORIZATION zhudai_owner;
REVOKE ALL ON SCHEMA day FROM PUBLIC;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE day.run (
  business_on date        NOT NULL,
  chunk_size  integer     NOT NULL,
  loan_id_max bigint      NOT NULL,
  actor       text        NOT NULL,
  begun_at    timestamptz NOT NULL,
  CONSTRAINT run_pkey PRIMARY KEY (business_on),
  CONSTRAINT run_chunk_positive CHECK (chunk_size > 0),
  CONSTRAINT run_loans_not_negative CHECK (loan_id_max >= 0)
);
COMMENT ON TABLE day.run IS 'Business dates whose close has begun, with the cut of loan ids that resuming must keep.';

CREATE TABLE day.step (
  business_on date        NOT NULL,
  step        text        NOT NULL,
  chunk       integer     NOT NULL,
  entries     integer     NOT NULL,
  loans       integer     NOT NULL,
  amount      bigint      NOT NULL,
  done_at     timestamptz NOT NULL,
  CONSTRAINT step_pkey PRIMARY KEY (business_on, step, chunk),
  CONSTRAINT step_of_run FOREIGN KEY (business_on) REFERENCES day.run (business_on),
  CONSTRAINT step_counts_not_negative CHECK (entries >= 0 AND loans >= 0)
);
COMMENT ON TABLE day.step IS 'Finished chunks of a close: how many entries and loans, and the sum of what was posted, minor units.';

CREATE TABLE day.closed (
  business_on date        NOT NULL,
  closed_at   timestamptz NOT NULL,
  CONSTRAINT closed_pkey PRIMARY KEY (business_on),
  CONSTRAINT closed_of_run FOREIGN KEY (business_on) REFERENCES day.run (business_on)
);
COMMENT ON TABLE day.closed IS 'Business dates whose close is complete.';

GRANT USAGE ON SCHEMA day TO zhudai_app;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA day TO zhudai_app;
RESET ROLE;
