-- Purpose: (1) the bank's day files as they came, the runs that matched them, every difference and how it was closed;
-- (2) collection cases of overdue loans with assignment, contact and closing. Facts only: nothing here is ever updated.

CREATE SCHEMA reconciliation AUTHORIZATION zhudai_owner;
CREATE SCHEMA collections AUTHORIZATION zhudai_owner;
REVOKE ALL ON SCHEMA reconciliation, collections FROM PUBLIC;
SET LOCAL ROLE zhudai_owner;

-- ---------------------------------------------------------------- reconciliation
-- Every file that was offered, taken or refused. A taken file is taken once: by its hash under any name, and one per
-- profile and date.
CREATE TABLE reconciliation.statement_file (
  file_id      bigint      GENERATED ALWAYS AS IDENTITY,
  profile      text        NOT NULL,
  business_on  date        NOT NULL,
  sha256       text        NOT NULL,
  byte_count   bigint      NOT NULL,
  taken        boolean     NOT NULL,
  problems     jsonb       NOT NULL,
  actor        text        NOT NULL,
  received_at  timestamptz NOT NULL,
  CONSTRAINT statement_file_pkey PRIMARY KEY (file_id),
  CONSTRAINT statement_file_hash_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  CONSTRAINT statement_file_taken_is_clean CHECK (taken = (jsonb_array_length(problems) = 0))
);
CREATE UNIQUE INDEX statement_file_day_once ON reconciliation.statement_file (profile, business_on) WHERE taken;
CREATE UNIQUE INDEX statement_file_content_once ON reconciliation.statement_file (profile, sha256) WHERE taken;

CREATE TABLE reconciliation.statement_row (
  file_id      bigint  NOT NULL,
  line_no      int     NOT NULL,
  order_no     text    NOT NULL,
  bank_no      text    NOT NULL,
  kind         text    NOT NULL,
  amount_minor bigint  NOT NULL,
  currency     char(3) NOT NULL,
  business_on  date    NOT NULL,
  outcome      text    NOT NULL,
  fee_minor    bigint  NOT NULL,
  CONSTRAINT statement_row_pkey PRIMARY KEY (file_id, line_no),
  CONSTRAINT statement_row_of_file FOREIGN KEY (file_id) REFERENCES reconciliation.statement_file (file_id)
);
CREATE INDEX statement_row_by_order ON reconciliation.statement_row (order_no);

-- One run per taken file; the settlement entry of its collections, when there were any.
CREATE TABLE reconciliation.run (
  run_id              bigint      GENERATED ALWAYS AS IDENTITY,
  file_id             bigint      NOT NULL,
  settlement_book     int,
  settlement_entry_id bigint,
  actor               text        NOT NULL,
  run_at              timestamptz NOT NULL,
  CONSTRAINT run_pkey PRIMARY KEY (run_id),
  CONSTRAINT run_file_once UNIQUE (file_id),
  CONSTRAINT run_of_file FOREIGN KEY (file_id) REFERENCES reconciliation.statement_file (file_id),
  CONSTRAINT run_entry_has_book CHECK ((settlement_book IS NULL) = (settlement_entry_id IS NULL))
);

-- Rows that agree with our order; an order agrees once.
CREATE TABLE reconciliation.match (
  run_id   bigint NOT NULL,
  line_no  int    NOT NULL,
  order_no text   NOT NULL,
  CONSTRAINT match_pkey PRIMARY KEY (run_id, line_no),
  CONSTRAINT match_order_once UNIQUE (order_no),
  CONSTRAINT match_of_run FOREIGN KEY (run_id) REFERENCES reconciliation.run (run_id)
);

CREATE TABLE reconciliation.discrepancy (
  discrepancy_id    bigint GENERATED ALWAYS AS IDENTITY,
  run_id            bigint NOT NULL,
  kind              text   NOT NULL,
  order_no          text   NOT NULL,
  line_no           int,
  our_state         text   NOT NULL,
  our_amount_minor  bigint,
  our_currency      char(3),
  bank_outcome      text,
  bank_amount_minor bigint,
  bank_currency     char(3),
  CONSTRAINT discrepancy_pkey PRIMARY KEY (discrepancy_id),
  CONSTRAINT discrepancy_of_run FOREIGN KEY (run_id) REFERENCES reconciliation.run (run_id),
  CONSTRAINT discrepancy_kind_known
    CHECK (kind IN ('MISSING_AT_BANK', 'MISSING_HERE', 'AMOUNT_MISMATCH', 'STATUS_MISMATCH', 'DUPLICATE')),
  CONSTRAINT discrepancy_sides_fit CHECK (
    (kind = 'MISSING_AT_BANK') = (line_no IS NULL)
    AND (line_no IS NULL) = (bank_outcome IS NULL)
    AND (bank_amount_minor IS NULL) = (bank_outcome IS NULL)
    AND (bank_currency IS NULL) = (bank_amount_minor IS NULL)
    AND (our_currency IS NULL) = (our_amount_minor IS NULL)
    AND (our_amount_minor IS NULL) = (our_state = ''))
);
CREATE INDEX discrepancy_by_run ON reconciliation.discrepancy (run_id, discrepancy_id);
CREATE INDEX discrepancy_by_order ON reconciliation.discrepancy (order_no);

-- A difference is closed once.
CREATE TABLE reconciliation.discrepancy_resolution (
  discrepancy_id bigint      NOT NULL,
  action         text        NOT NULL,
  reason         text        NOT NULL,
  entry_id       bigint,
  actor          text        NOT NULL,
  resolved_at    timestamptz NOT NULL,
  CONSTRAINT discrepancy_resolution_pkey PRIMARY KEY (discrepancy_id),
  CONSTRAINT discrepancy_resolution_of FOREIGN KEY (discrepancy_id) REFERENCES reconciliation.discrepancy (discrepancy_id),
  CONSTRAINT discrepancy_resolution_action_known CHECK (action IN ('SETTLED_BY_FILE', 'CARRIED', 'EXPLAINED', 'ADJUSTED')),
  CONSTRAINT discrepancy_resolution_adjusted CHECK ((action = 'ADJUSTED') = (entry_id IS NOT NULL))
);

GRANT USAGE ON SCHEMA reconciliation TO zhudai_app;
GRANT SELECT, INSERT ON reconciliation.statement_file, reconciliation.statement_row, reconciliation.run, reconciliation.match,
  reconciliation.discrepancy, reconciliation.discrepancy_resolution TO zhudai_app;

-- ---------------------------------------------------------------- collections
-- A case of one loan. At most one is open: a further case names the closing of the one before it, each closing has one
-- successor, and the first case has no predecessor.
CREATE TABLE collections."case" (
  case_id             bigint      GENERATED ALWAYS AS IDENTITY,
  loan_id             bigint      NOT NULL,
  customer_id         bigint      NOT NULL,
  predecessor_case_id bigint,
  opened_on           date        NOT NULL,
  dpd                 int         NOT NULL,
  overdue_minor       bigint      NOT NULL,
  currency            char(3)     NOT NULL,
  actor               text        NOT NULL,
  opened_at           timestamptz NOT NULL,
  CONSTRAINT case_pkey PRIMARY KEY (case_id),
  CONSTRAINT case_loan_key UNIQUE (loan_id, case_id),
  CONSTRAINT case_open_once UNIQUE NULLS NOT DISTINCT (loan_id, predecessor_case_id),
  CONSTRAINT case_dpd_counts CHECK (dpd >= 1),
  CONSTRAINT case_overdue_positive CHECK (overdue_minor > 0)
);
CREATE INDEX case_by_customer ON collections."case" (customer_id);

CREATE TABLE collections.case_closing (
  case_id   bigint      NOT NULL,
  loan_id   bigint      NOT NULL,
  reason    text        NOT NULL,
  closed_on date        NOT NULL,
  actor     text        NOT NULL,
  closed_at timestamptz NOT NULL,
  CONSTRAINT case_closing_pkey PRIMARY KEY (case_id),
  CONSTRAINT case_closing_loan_key UNIQUE (loan_id, case_id),
  CONSTRAINT case_closing_of_case FOREIGN KEY (loan_id, case_id) REFERENCES collections."case" (loan_id, case_id),
  CONSTRAINT case_closing_reason_known CHECK (reason IN ('CURED', 'SETTLED', 'WRITTEN_OFF', 'BY_HAND'))
);
ALTER TABLE collections."case" ADD CONSTRAINT case_follows_closing
  FOREIGN KEY (loan_id, predecessor_case_id) REFERENCES collections.case_closing (loan_id, case_id);

-- What happened in a case besides contacts: the stage it came into, and notes.
CREATE TABLE collections.case_event (
  event_id    bigint      GENERATED ALWAYS AS IDENTITY,
  case_id     bigint      NOT NULL,
  kind        text        NOT NULL,
  bucket      text        NOT NULL,
  dpd         int         NOT NULL,
  note        text        NOT NULL,
  happened_on date        NOT NULL,
  actor       text        NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT case_event_pkey PRIMARY KEY (event_id),
  CONSTRAINT case_event_of_case FOREIGN KEY (case_id) REFERENCES collections."case" (case_id),
  CONSTRAINT case_event_kind_known CHECK (kind IN ('OPENED', 'BUCKET', 'NOTE', 'CLOSED'))
);
CREATE INDEX case_event_by_case ON collections.case_event (case_id, event_id);

-- Who works a case; the latest row counts.
CREATE TABLE collections.assignment (
  assignment_id bigint      GENERATED ALWAYS AS IDENTITY,
  case_id       bigint      NOT NULL,
  collector     text        NOT NULL,
  method        text        NOT NULL,
  assigned_on   date        NOT NULL,
  actor         text        NOT NULL,
  assigned_at   timestamptz NOT NULL,
  CONSTRAINT assignment_pkey PRIMARY KEY (assignment_id),
  CONSTRAINT assignment_of_case FOREIGN KEY (case_id) REFERENCES collections."case" (case_id),
  CONSTRAINT assignment_method_known CHECK (method IN ('MACHINE', 'MANUAL'))
);
CREATE INDEX assignment_by_case ON collections.assignment (case_id, assignment_id);

-- An attempt to reach somebody, written before dialling (the gate has let it pass), and its result in a row of its own.
CREATE TABLE collections.contact (
  contact_id  bigint      GENERATED ALWAYS AS IDENTITY,
  case_id     bigint      NOT NULL,
  customer_id bigint      NOT NULL,
  contact_key text        NOT NULL,
  channel     text        NOT NULL,
  callee      text        NOT NULL,
  callee_mask text        NOT NULL,
  local_on    date        NOT NULL,
  started_at  timestamptz NOT NULL,
  actor       text        NOT NULL,
  CONSTRAINT contact_pkey PRIMARY KEY (contact_id),
  CONSTRAINT contact_key_once UNIQUE (contact_key),
  CONSTRAINT contact_of_case FOREIGN KEY (case_id) REFERENCES collections."case" (case_id),
  CONSTRAINT contact_channel_known CHECK (channel IN ('CALL', 'ROBOT_CALL', 'SMS', 'PUSH', 'EMAIL', 'LETTER')),
  CONSTRAINT contact_callee_known CHECK (callee IN ('DEBTOR', 'CONTACT_PERSON'))
);
CREATE INDEX contact_by_case ON collections.contact (case_id, contact_id);
CREATE INDEX contact_by_day ON collections.contact (customer_id, local_on);

CREATE TABLE collections.contact_result (
  contact_id   bigint      NOT NULL,
  line_status  text        NOT NULL,
  outcome      text        NOT NULL,
  talk_seconds int         NOT NULL,
  recording    text        NOT NULL,
  promise_minor bigint,
  promise_currency char(3),
  promised_for date,
  follow_up_on date,
  note         text        NOT NULL,
  actor        text        NOT NULL,
  ended_at     timestamptz NOT NULL,
  CONSTRAINT contact_result_pkey PRIMARY KEY (contact_id),
  CONSTRAINT contact_result_of FOREIGN KEY (contact_id) REFERENCES collections.contact (contact_id),
  CONSTRAINT contact_result_talk_counts CHECK (talk_seconds >= 0),
  CONSTRAINT contact_result_promise_whole CHECK (
    (promise_minor IS NULL) = (promised_for IS NULL) AND (promise_minor IS NULL) = (promise_currency IS NULL)
    AND (promise_minor IS NULL OR promise_minor > 0))
);

GRANT USAGE ON SCHEMA collections TO zhudai_app;
GRANT SELECT, INSERT ON collections."case", collections.case_closing, collections.case_event, collections.assignment,
  collections.contact, collections.contact_result TO zhudai_app;
RESET ROLE;
