-- Purpose: applications as submitted, every step they take through their flow, the work of people on them, the offers
-- made and accepted, and the loans that came of them. No personal data: that lies sealed in party.
--
-- Facts are append-only. The one exception is the work list origination.application_state, explained where it is made.

CREATE SCHEMA origination AUTHORIZATION zhudai_owner;
GRANT USAGE ON SCHEMA origination TO zhudai_app;
SET LOCAL ROLE zhudai_owner;

CREATE TABLE origination.application (
    application_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id              bigint NOT NULL REFERENCES party.channel,
    channel_application_no  text NOT NULL CHECK (channel_application_no <> ''),
    product_id              bigint NOT NULL,
    product_version         integer NOT NULL,
    customer_id             bigint NOT NULL REFERENCES party.customer,
    amount_minor            bigint NOT NULL CHECK (amount_minor > 0),
    currency                char(3) NOT NULL,
    term_months             integer NOT NULL CHECK (term_months > 0),
    form                    jsonb NOT NULL,
    facts                   jsonb NOT NULL,
    content_hash            bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    submitted_on            date NOT NULL,
    received_at             timestamptz NOT NULL,
    actor                   text NOT NULL,
    key                     text NOT NULL,
    UNIQUE (channel_id, channel_application_no),
    FOREIGN KEY (product_id, product_version) REFERENCES product.version (product_id, version)
);
COMMENT ON TABLE origination.application IS 'Applications as submitted, without personal data; the channel and its number are the idempotency key.';
CREATE INDEX application_customer ON origination.application (customer_id, application_id);

-- Things that two applications may share, as blind indexes: who else uses this card, this number, this device.
CREATE TABLE origination.application_link (
    application_id  bigint NOT NULL REFERENCES origination.application,
    link            text NOT NULL CHECK (link IN ('IDENTITY', 'DEVICE', 'CARD', 'MOBILE', 'CONTACT')),
    digest          bytea NOT NULL CHECK (octet_length(digest) = 32),
    customer_id     bigint NOT NULL,
    channel_id      bigint NOT NULL,
    seen_at         timestamptz NOT NULL,
    PRIMARY KEY (application_id, link, digest)
);
COMMENT ON TABLE origination.application_link IS 'Blind indexes of what an application brought, for counting who shares it.';
CREATE INDEX application_link_shared ON origination.application_link (link, digest, seen_at DESC)
    INCLUDE (customer_id, application_id, channel_id);

-- Which accounts receive the loan and pay it back. A failed disbursement may go on with another card: attempt 2, 3 …
CREATE TABLE origination.application_account (
    application_id        bigint NOT NULL REFERENCES origination.application,
    attempt               integer NOT NULL CHECK (attempt > 0),
    receiving_account_id  bigint NOT NULL REFERENCES party.bank_account,
    repayment_account_id  bigint NOT NULL REFERENCES party.bank_account,
    recorded_at           timestamptz NOT NULL,
    actor                 text NOT NULL,
    PRIMARY KEY (application_id, attempt)
);
COMMENT ON TABLE origination.application_account IS 'Accounts named by the borrower, one row per attempt to disburse; the latest counts.';

CREATE TABLE origination.application_stage (
    application_id   bigint NOT NULL REFERENCES origination.application,
    sequence         integer NOT NULL CHECK (sequence > 0),
    from_stage       text NOT NULL,
    to_stage         text NOT NULL,
    verdict          text NOT NULL CHECK (verdict IN ('PASSED', 'REFERRED', 'REJECTED', 'FAILED', 'CANCELLED', 'RENEWED')),
    reasons          text[] NOT NULL,
    marks            text[] NOT NULL,
    product_version  integer NOT NULL,
    effective_on     date NOT NULL,
    recorded_at      timestamptz NOT NULL,
    actor            text NOT NULL,
    PRIMARY KEY (application_id, sequence)
);
COMMENT ON TABLE origination.application_stage IS 'Every step of every application, with the version of the product whose flow it followed.';

-- Where each application stands: the end of its last step. It repeats application_stage so that work is found by index
-- and two workers wait for each other on one row; it can be made again from application_stage, and a test does so.
CREATE TABLE origination.application_state (
    application_id  bigint PRIMARY KEY REFERENCES origination.application,
    stage           text NOT NULL,
    sequence        integer NOT NULL,
    marks           text[] NOT NULL,
    since           timestamptz NOT NULL
);
COMMENT ON TABLE origination.application_state IS 'Work list: where each application stands now; rebuildable from application_stage.';
CREATE INDEX application_state_open ON origination.application_state (stage, application_id)
    WHERE stage NOT IN ('REJECTED', 'CANCELLED', 'DISBURSED');

CREATE TABLE origination.review_task (
    task_id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id      bigint NOT NULL,
    sequence            integer NOT NULL,
    stage               text NOT NULL CHECK (stage IN ('MANUAL_REVIEW', 'PHONE_CHECK')),
    approvals_required  integer NOT NULL CHECK (approvals_required > 0),
    reasons             text[] NOT NULL,
    opened_at           timestamptz NOT NULL,
    UNIQUE (application_id, sequence),
    FOREIGN KEY (application_id, sequence) REFERENCES origination.application_stage (application_id, sequence)
);
COMMENT ON TABLE origination.review_task IS 'Work for people; opened by the step that led to it.';

CREATE TABLE origination.review_decision (
    task_id      bigint NOT NULL REFERENCES origination.review_task,
    reviewer     text NOT NULL CHECK (reviewer <> ''),
    finding      text NOT NULL CHECK (finding IN ('APPROVE', 'REJECT', 'CALL_FIRST', 'DOUBT')),
    reasons      text[] NOT NULL CHECK (cardinality(reasons) > 0),
    note         text NOT NULL,
    recorded_at  timestamptz NOT NULL,
    key          text NOT NULL,
    PRIMARY KEY (task_id, reviewer)
);
COMMENT ON TABLE origination.review_decision IS 'What each person concluded; one person judges a task once.';

CREATE TABLE origination.offer (
    offer_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id   bigint NOT NULL UNIQUE REFERENCES origination.application,
    amount_minor     bigint NOT NULL CHECK (amount_minor > 0),
    currency         char(3) NOT NULL,
    term_months      integer NOT NULL CHECK (term_months > 0),
    start_on         date NOT NULL,
    content          jsonb NOT NULL,
    disclosure_hash  char(64) NOT NULL,
    made_at          timestamptz NOT NULL
);
COMMENT ON TABLE origination.offer IS 'What was put before the borrower: schedule and cost disclosure, under one hash.';

CREATE TABLE origination.offer_acceptance (
    offer_id         bigint PRIMARY KEY REFERENCES origination.offer,
    disclosure_hash  char(64) NOT NULL,
    read_seconds     integer NOT NULL CHECK (read_seconds >= 0),
    recorded_at      timestamptz NOT NULL,
    actor            text NOT NULL,
    key              text NOT NULL
);
COMMENT ON TABLE origination.offer_acceptance IS 'The borrower''s acceptance of exactly what was shown.';

-- servicing comes after origination in the chain of revisions, so the loan is named without a foreign key.
CREATE TABLE origination.application_loan (
    application_id  bigint NOT NULL REFERENCES origination.application,
    attempt         integer NOT NULL CHECK (attempt > 0),
    loan_id         bigint NOT NULL UNIQUE,
    recorded_at     timestamptz NOT NULL,
    PRIMARY KEY (application_id, attempt)
);
COMMENT ON TABLE origination.application_loan IS 'Which loan each attempt to disburse has made.';

-- S21: approval keeps what was to be repaid, of which instalments, by whom, before accounting hears of it.
CREATE TABLE origination.repayment_request (
    request_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    business_no     text NOT NULL UNIQUE CHECK (business_no <> ''),
    origin          text NOT NULL CHECK (origin IN ('CHANNEL', 'DUE_DATE', 'OPERATOR')),
    loan_id         bigint NOT NULL,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    currency        char(3) NOT NULL,
    intent          text NOT NULL CHECK (intent IN ('DUE', 'SETTLE')),
    instalment_nos  integer[] NOT NULL,
    account_id      bigint NOT NULL REFERENCES party.bank_account,
    requested_on    date NOT NULL,
    recorded_at     timestamptz NOT NULL,
    actor           text NOT NULL
);
COMMENT ON TABLE origination.repayment_request IS 'Repayments asked for, by the channel, on the due date or by an operator; each becomes one collection order.';
CREATE INDEX repayment_request_loan ON origination.repayment_request (loan_id, request_id);

GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA origination TO zhudai_app;
-- The work list is a projection: moving an application to its next stage changes its one row.
GRANT UPDATE (stage, sequence, marks, since) ON origination.application_state TO zhudai_app;

RESET ROLE;
