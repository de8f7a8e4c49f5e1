-- Purpose: a close of business that the books refuse (a month that takes no entries, say) leaves its refusal by name, and stands
-- REFUSED until somebody orders the date again; then it goes on where it stopped. Append-only.

SET LOCAL ROLE zhudai_owner;

CREATE TABLE day.refusal (
  business_on date        NOT NULL,
  no          integer     NOT NULL,
  code        text        NOT NULL,
  zh          text        NOT NULL,
  en          text        NOT NULL,
  actor       text        NOT NULL,
  refused_at  timestamptz NOT NULL,
  CONSTRAINT refusal_pkey PRIMARY KEY (business_on, no),
  CONSTRAINT refusal_of_run FOREIGN KEY (business_on) REFERENCES day.run (business_on),
  CONSTRAINT refusal_numbered CHECK (no > 0)
);
COMMENT ON TABLE day.refusal IS 'Why an attempt to close a date ended: stable code and both sentences, as they were said.';

CREATE TABLE day.resumption (
  business_on date        NOT NULL,
  no          integer     NOT NULL,
  actor       text        NOT NULL,
  resumed_at  timestamptz NOT NULL,
  CONSTRAINT resumption_pkey PRIMARY KEY (business_on, no),
  CONSTRAINT resumption_of_refusal FOREIGN KEY (business_on, no) REFERENCES day.refusal (business_on, no)
);
COMMENT ON TABLE day.resumption IS 'Who ordered a refused close again: the refusal of that number stands in nobody''s way any more.';

GRANT SELECT, INSERT ON day.refusal, day.resumption TO zhudai_app;
RESET ROLE;
