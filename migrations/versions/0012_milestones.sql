-- Purpose: a question about a loan with a long history costs no more than one about a young loan. A milestone is the state of a
-- life after its first facts; a position goes on from the newest one that fits. Derived, never the source: a row is used only
-- by the very engine that made it (its fingerprint), it may be deleted at any time, and it is made anew from the facts.

SET LOCAL ROLE zhudai_owner;

CREATE TABLE servicing.milestone (
  loan_id     bigint  NOT NULL,
  engine      text    NOT NULL,
  no          integer NOT NULL,
  latest_on   date    NOT NULL,
  latest_rank integer NOT NULL,
  latest_no   integer NOT NULL,
  booked_on   date    NOT NULL,
  document    jsonb   NOT NULL,
  CONSTRAINT milestone_pkey PRIMARY KEY (loan_id, engine, no),
  CONSTRAINT milestone_of_fact FOREIGN KEY (loan_id, no) REFERENCES servicing.fact (loan_id, no)
);
COMMENT ON TABLE servicing.milestone IS
  'Derived: the state of a life after the facts 1 to no, as the engine of that fingerprint tells it; latest_on, latest_rank'
  ' and latest_no are the place of the last one in the replay, booked_on the date by which all of them were known.';

GRANT SELECT, INSERT, DELETE ON servicing.milestone TO zhudai_app;
RESET ROLE;
