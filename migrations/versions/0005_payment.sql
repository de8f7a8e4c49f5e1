-- Purpose: payment orders as immutable facts, and an append-only record of everything heard about each of them.
-- The state of an order is the state of its latest event (CREATED while there is none); nothing here is ever updated.

CREATE SCHEMA payment AUTHORIZATION zhudai_owner;
REVOKE ALL ON SCHEMA payment FROM PUBLIC;
SET LOCAL ROLE zhudai_owner;

-- One wish for one payment. (kind, business_key, attempt) is the idempotency key towards the caller, order_no towards the
-- bank. The card itself is not here: card_token names it for the caller's vault.
CREATE TABLE payment.payment_order (
  order_id     bigint      GENERATED ALWAYS AS IDENTITY,
  order_no     text        GENERATED ALWAYS AS ('PO' || lpad(order_id::text, 16, '0')) STORED,
  kind         text        NOT NULL,
  business_key text        NOT NULL,
  attempt      int         NOT NULL,
  amount_minor bigint      NOT NULL,
  currency     char(3)     NOT NULL,
  business_on  date        NOT NULL,
  card_token   text        NOT NULL,
  card_mask    text        NOT NULL,
  actor        text        NOT NULL,
  command_key  text        NOT NULL,
  created_at   timestamptz NOT NULL,
  CONSTRAINT payment_order_pkey PRIMARY KEY (order_id),
  CONSTRAINT payment_order_no_once UNIQUE (order_no),
  CONSTRAINT payment_order_business_once UNIQUE (business_key, kind, attempt),
  CONSTRAINT payment_order_kind_known CHECK (kind IN ('CARD_CHECK', 'DISBURSEMENT', 'COLLECTION')),
  CONSTRAINT payment_order_attempt_counts CHECK (attempt >= 1),
  CONSTRAINT payment_order_amount_fits CHECK (CASE WHEN kind = 'CARD_CHECK' THEN amount_minor = 0 ELSE amount_minor > 0 END)
);
CREATE INDEX payment_order_by_day ON payment.payment_order (business_on, order_id);

-- Everything heard about an order, in the order of hearing. A state is kept even where the event changed nothing, so that
-- the latest row alone tells where the order stands.
CREATE TABLE payment.order_event (
  order_id     bigint      NOT NULL,
  seq          int         NOT NULL,
  state        text        NOT NULL,
  changed      boolean     NOT NULL,
  source       text        NOT NULL,
  outcome      text,
  code         text        NOT NULL,
  bank_no      text        NOT NULL,
  amount_minor bigint,
  currency     char(3),
  anomaly      text,
  event_id     text,
  note         text        NOT NULL,
  actor        text        NOT NULL,
  seen_at      timestamptz NOT NULL,
  CONSTRAINT order_event_pkey PRIMARY KEY (order_id, seq),
  CONSTRAINT order_event_of_order FOREIGN KEY (order_id) REFERENCES payment.payment_order (order_id),
  CONSTRAINT order_event_seq_counts CHECK (seq >= 1),
  CONSTRAINT order_event_first_is_sending CHECK ((seq = 1) = (source = 'DISPATCH')),
  CONSTRAINT order_event_sent_by_dispatch CHECK ((state = 'SENT') = (source = 'DISPATCH')),
  CONSTRAINT order_event_state_known CHECK (state IN ('SENT', 'SUCCEEDED', 'FAILED', 'UNKNOWN', 'MANUAL')),
  CONSTRAINT order_event_source_known
    CHECK (source IN ('DISPATCH', 'REPLY', 'QUERY', 'CLOSE', 'CALLBACK', 'DAY_FILE', 'DEADLINE', 'OPERATOR')),
  CONSTRAINT order_event_outcome_known CHECK (outcome IN ('SUCCEEDED', 'FAILED', 'UNKNOWN', 'NOT_FOUND')),
  CONSTRAINT order_event_money_whole CHECK ((amount_minor IS NULL) = (currency IS NULL))
);
-- A final state is reached once: the effect that hangs on it (an entry, a cancelled plan) cannot happen twice.
CREATE UNIQUE INDEX order_event_final_once ON payment.order_event (order_id) WHERE changed AND state IN ('SUCCEEDED', 'FAILED');
-- The bank's own notice id: the same notice twice is one notice.
CREATE UNIQUE INDEX order_event_notice_once ON payment.order_event (order_id, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX order_event_anomalies ON payment.order_event (order_id) WHERE anomaly IS NOT NULL;

-- Notices about numbers that we never gave out: kept for people, applied to nothing.
CREATE TABLE payment.stray_observation (
  stray_id     bigint      GENERATED ALWAYS AS IDENTITY,
  order_no     text        NOT NULL,
  source       text        NOT NULL,
  outcome      text        NOT NULL,
  code         text        NOT NULL,
  bank_no      text        NOT NULL,
  amount_minor bigint,
  currency     char(3),
  event_id     text,
  actor        text        NOT NULL,
  seen_at      timestamptz NOT NULL,
  CONSTRAINT stray_observation_pkey PRIMARY KEY (stray_id)
);

GRANT USAGE ON SCHEMA payment TO zhudai_app;
GRANT SELECT, INSERT ON payment.payment_order, payment.order_event, payment.stray_observation TO zhudai_app;
RESET ROLE;
