-- Purpose: changes of loans that need a second person. A proposal is a fact that somebody wants and nothing has been booked of;
-- its answer is another person's word. Both are append-only; that maker and checker are two people is a constraint.

SET LOCAL ROLE zhudai_owner;

CREATE TABLE servicing.proposal (
  proposal_id bigint      GENERATED ALWAYS AS IDENTITY,
  loan_id     bigint      NOT NULL,
  kind        text        NOT NULL,
  value_on    date        NOT NULL,
  proposed_on date        NOT NULL,
  payload     jsonb       NOT NULL,
  maker       text        NOT NULL,
  key         text        NOT NULL,
  proposed_at timestamptz NOT NULL,
  CONSTRAINT proposal_pkey PRIMARY KEY (proposal_id),
  CONSTRAINT proposal_key_once UNIQUE (key),
  CONSTRAINT proposal_maker UNIQUE (proposal_id, maker),
  CONSTRAINT proposal_of_loan FOREIGN KEY (loan_id) REFERENCES servicing.loan (loan_id),
  CONSTRAINT proposal_not_ahead CHECK (value_on <= proposed_on)
);
COMMENT ON TABLE servicing.proposal IS
  'Changes of loans that wait for a second person: a fact as it would be recorded, and who wants it.';
CREATE INDEX proposal_by_loan ON servicing.proposal (loan_id);

CREATE TABLE servicing.proposal_answer (
  proposal_id bigint      NOT NULL,
  maker       text        NOT NULL,
  checker     text        NOT NULL,
  is_approved boolean     NOT NULL,
  note        text        NOT NULL,
  fact_no     integer,
  key         text        NOT NULL,
  answered_at timestamptz NOT NULL,
  CONSTRAINT proposal_answer_pkey PRIMARY KEY (proposal_id),
  CONSTRAINT proposal_answer_key_once UNIQUE (key),
  CONSTRAINT proposal_answer_of_proposal FOREIGN KEY (proposal_id, maker)
    REFERENCES servicing.proposal (proposal_id, maker),
  CONSTRAINT proposal_answer_by_another CHECK (checker <> maker),
  CONSTRAINT proposal_answer_is_done CHECK (is_approved = (fact_no IS NOT NULL))
);
COMMENT ON TABLE servicing.proposal_answer IS
  'What another person said of a proposal: approved, with the fact that it became, or not.';

CREATE TRIGGER proposal_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing.proposal
  FOR EACH STATEMENT EXECUTE FUNCTION servicing.refuse_change();
CREATE TRIGGER proposal_answer_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON servicing.proposal_answer
  FOR EACH STATEMENT EXECUTE FUNCTION servicing.refuse_change();
ALTER TABLE servicing.proposal ENABLE ALWAYS TRIGGER proposal_is_immutable;
ALTER TABLE servicing.proposal_answer ENABLE ALWAYS TRIGGER proposal_answer_is_immutable;

GRANT SELECT, INSERT ON servicing.proposal, servicing.proposal_answer TO zhudai_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA servicing TO zhudai_app;
RESET ROLE;
