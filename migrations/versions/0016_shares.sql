-- Amounts of a joint or guaranteed loan are booked for several parties: each booking says whose share it is.
-- Nought is the lender alone, which is what every booking so far was.

ALTER TABLE servicing.booking ADD COLUMN funder_id bigint NOT NULL DEFAULT 0;

COMMENT ON TABLE servicing.booking IS
  'Amounts of a life that the journal holds, minor units, by event, bucket, the fact they belong to (0: time)'
  ' and whose share they are (0: the lender''s alone); cause is the fact that made us book (0: the close of a day),'
  ' through_on the date up to which the life was told.';
