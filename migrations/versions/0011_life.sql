-- Purpose: loans that live beyond the plan. A contract document says what columns cannot; facts say what happened, each with
-- the date it is about and the date on which we learned it; bookings say what the journal holds of the life that follows from
-- them, so that what must still be posted is always target less booked. Append-only: a fact that proves wrong is met by another.
--
-- A loan without a document is plain: its columns are its contract, its repayments are its facts, and the set-based steps of
-- the close of business are its engine. The first change that these cannot say gives it a document, its facts and its bookings.

SET LOCAL ROLE zhudai_owner;

CREATE TABLE servicing.contract (
  loan_id    bigint      NOT NULL,
  document   jsonb       NOT NULL,
  lives_from date        NOT NULL,
  actor      text        NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT contract_pkey PRIMARY KEY (loan_id),
  CONSTRAINT contract_of_loan FOREIGN KEY (loan_id) REFERENCES servicing.loan (loan_id),
  CONSTRAINT contract_document_versioned CHECK (jsonb_typeof(document -> 'version') = 'number')
);
COMMENT ON TABLE servicing.contract IS
  'Contracts of living loans: terms and life terms as one versioned document; lives_from is the business date it was written.';

CREATE TABLE servicing.fact (
  loan_id     bigint      NOT NULL,
  no          integer     NOT NULL,
  kind        text        NOT NULL,
  value_on    date        NOT NULL,
  booked_on   date        NOT NULL,
  payload     jsonb       NOT NULL,
  actor       text        NOT NULL,
  approver    text,
  key         text        NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT fact_pkey PRIMARY KEY (loan_id, no),
  CONSTRAINT fact_key_once UNIQUE (key),
  CONSTRAINT fact_of_contract FOREIGN KEY (loan_id) REFERENCES servicing.contract (loan_id),
  CONSTRAINT fact_counts CHECK (no >= 1),
  CONSTRAINT fact_not_ahead CHECK (value_on <= booked_on),
  CONSTRAINT fact_by_two CHECK (approver <> actor),
  CONSTRAINT fact_kind_known CHECK (kind IN ('Disburse', 'Pay', 'Levy', 'Waive', 'Reverse', 'Chargeback', 'Refund',
    'ChangeRate', 'Reschedule', 'ReAge', 'ReAmortise', 'Accelerate', 'ChargeOff', 'WriteOff', 'Recover', 'Compensate',
    'Repurchase', 'Cancel', 'Pause'))
);
COMMENT ON TABLE servicing.fact IS
  'What happened to living loans: value_on is the date it is about, booked_on the business date on which we learned it.';

CREATE TABLE servicing.booking (
  booking_id bigint  GENERATED ALWAYS AS IDENTITY,
  loan_id    bigint  NOT NULL,
  fact_no    integer NOT NULL,
  event      text    NOT NULL,
  flags      text    NOT NULL,
  bucket     text    NOT NULL,
  amount     bigint  NOT NULL,
  cause      integer NOT NULL,
  booked_on  date    NOT NULL,
  through_on date    NOT NULL,
  entry_id   bigint,
  CONSTRAINT booking_pkey PRIMARY KEY (booking_id),
  CONSTRAINT booking_of_contract FOREIGN KEY (loan_id) REFERENCES servicing.contract (loan_id),
  CONSTRAINT booking_is_something CHECK (amount <> 0),
  CONSTRAINT booking_fact_counts CHECK (fact_no >= 0 AND cause >= 0)
);
COMMENT ON TABLE servicing.booking IS
  'Amounts of a life that the journal holds, minor units, by event, bucket and the fact they belong to (0: time); cause is'
  ' the fact that made us book (0: the close of a day), through_on the date up to which the life was told.';
CREATE INDEX booking_by_loan ON servicing.booking (loan_id) INCLUDE (fact_no, event, flags, bucket, amount, through_on);

CREATE TRIGGER contract_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing.contract
  FOR EACH STATEMENT EXECUTE FUNCTION servicing.refuse_change();
CREATE TRIGGER fact_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing.fact
  FOR EACH STATEMENT EXECUTE FUNCTION servicing.refuse_change();
CREATE TRIGGER booking_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing.booking
  FOR EACH STATEMENT EXECUTE FUNCTION servicing.refuse_change();
ALTER TABLE servicing.contract ENABLE ALWAYS TRIGGER contract_is_immutable;
ALTER TABLE servicing.fact ENABLE ALWAYS TRIGGER fact_is_immutable;
ALTER TABLE servicing.booking ENABLE ALWAYS TRIGGER booking_is_immutable;

-- wider words for what was there: rows of before satisfy the narrower ones, so nothing needs to be checked again

-- squawk-ignore ban-drop-constraint
ALTER TABLE servicing.schedule_version DROP CONSTRAINT schedule_version_reason_known;
ALTER TABLE servicing.schedule_version ADD CONSTRAINT schedule_version_reason_known
  CHECK (reason IN ('ORIGINAL', 'VALUE_DATE', 'DISBURSE_CANCEL', 'EARLY_SETTLEMENT', 'REVERSAL', 'DISBURSEMENT',
    'REPAYMENT', 'PREPAYMENT', 'CHARGE', 'WAIVER', 'CHARGEBACK', 'REFUND', 'RATE_CHANGE', 'RESCHEDULE', 'RE_AGE',
    'RE_AMORTISE', 'ACCELERATED', 'CHARGE_OFF', 'WRITE_OFF', 'RECOVERY', 'TRANSFER', 'CANCELLED', 'INTEREST_PAUSE'))
  NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE servicing.repayment DROP CONSTRAINT repayment_intent_known;
ALTER TABLE servicing.repayment ADD CONSTRAINT repayment_intent_known
  CHECK (intent IN ('DUE', 'SETTLE', 'REDUCE_TERM', 'REDUCE_PAYMENT', 'KEEP_PLAN')) NOT VALID;
RESET ROLE;
-- squawk-ignore ban-drop-constraint
ALTER TABLE origination.repayment_request DROP CONSTRAINT repayment_request_intent_check;
ALTER TABLE origination.repayment_request ADD CONSTRAINT repayment_request_intent_check
  CHECK (intent IN ('DUE', 'SETTLE', 'REDUCE_TERM', 'REDUCE_PAYMENT', 'KEEP_PLAN')) NOT VALID;
SET LOCAL ROLE zhudai_owner;

GRANT SELECT, INSERT ON servicing.contract, servicing.fact, servicing.booking TO zhudai_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA servicing TO zhudai_app;
RESET ROLE;
