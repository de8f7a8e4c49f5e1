-- Purpose: the double-entry core. An append-only journal behind one door (ledger.post), the gapless log that orders it,
-- the totals folded from it, the proofs over it, and the least privileges to use it. Runs on PostgreSQL 15 and later.
--
-- Reading order: roles · registry (book, account, period) · journal (entry, line, entry_key, reversal, guard, intake) ·
-- derived (log, fold, account_day, account_tip) · proofs (leaf, log_node, checkpoint, period_seal) · walls (triggers) ·
-- registry functions · the door (post) · the sequencer · closing · reading functions · row-level security · privileges.

-- ---------------------------------------------------------------- roles (cluster-wide, so created only when missing)
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['ledger_owner', 'ledger_writer', 'ledger_sequencer', 'ledger_closer', 'ledger_registrar',
                           'ledger_sealer', 'ledger_reader', 'ledger_party', 'ledger_auditor', 'zhudai_owner', 'zhudai_app'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END $$;
GRANT ledger_writer, ledger_sequencer, ledger_closer, ledger_registrar, ledger_sealer, ledger_reader TO zhudai_app;

CREATE SCHEMA ledger AUTHORIZATION ledger_owner;
REVOKE ALL ON SCHEMA ledger FROM PUBLIC;
SET LOCAL ROLE ledger_owner;
ALTER DEFAULT PRIVILEGES IN SCHEMA ledger REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- ---------------------------------------------------------------- registry
-- A book is the set of accounts of one legal party; entries balance per book and currency.
CREATE TABLE ledger.book (
  book_id        int     NOT NULL,
  code           text    NOT NULL,
  legal_entity   text    NOT NULL,
  base_currency  char(3) NOT NULL,
  reversal_style text    NOT NULL,
  CONSTRAINT book_pkey PRIMARY KEY (book_id),
  CONSTRAINT book_code_once UNIQUE (code),
  CONSTRAINT book_id_positive CHECK (book_id > 0),
  CONSTRAINT book_style_known CHECK (reversal_style IN ('RED', 'MIRROR'))
);

CREATE TABLE ledger.account (
  book_id       int     NOT NULL,
  account_id    int     NOT NULL,
  code          text    NOT NULL,
  name_zh       text    NOT NULL,
  name_en       text    NOT NULL,
  parent_id     int,
  class         text    NOT NULL,
  normal_side   char(1) NOT NULL,
  currency      char(3) NOT NULL,
  postable      boolean NOT NULL,
  policy        text    NOT NULL,
  required_dims int     NOT NULL,  -- bits: 1 subject, 2 party, 4 scheme, 8 funder, 16 channel
  opened_on     date    NOT NULL,
  closed_on     date,
  CONSTRAINT account_pkey PRIMARY KEY (book_id, account_id),
  CONSTRAINT account_code_once UNIQUE (book_id, code),
  CONSTRAINT account_book_exists FOREIGN KEY (book_id) REFERENCES ledger.book (book_id),
  CONSTRAINT account_parent_exists FOREIGN KEY (book_id, parent_id) REFERENCES ledger.account (book_id, account_id),
  CONSTRAINT account_class_known CHECK (class IN ('asset', 'liability', 'common', 'equity', 'cost', 'income', 'expense', 'memo')),
  CONSTRAINT account_side_known CHECK (normal_side IN ('D', 'C')),
  CONSTRAINT account_policy_known CHECK (policy IN ('free', 'subject_nonneg')),
  CONSTRAINT account_dims_known CHECK (required_dims BETWEEN 0 AND 31),
  CONSTRAINT account_closed_after_opened CHECK (closed_on >= opened_on)
);

CREATE TABLE ledger.period (
  book_id    int    NOT NULL,
  period_id  int    NOT NULL,  -- yyyymm
  state      text   NOT NULL,
  closed_seq bigint,           -- the log's head when the period closed
  CONSTRAINT period_pkey PRIMARY KEY (book_id, period_id),
  CONSTRAINT period_book_exists FOREIGN KEY (book_id) REFERENCES ledger.book (book_id),
  CONSTRAINT period_is_a_month CHECK (period_id BETWEEN 190001 AND 999912 AND period_id % 100 BETWEEN 1 AND 12),
  CONSTRAINT period_state_known CHECK (state IN ('open', 'closing', 'closed')),
  CONSTRAINT period_closed_has_seq CHECK (closed_seq IS NULL OR state = 'closed')
);

-- ---------------------------------------------------------------- journal: the only truth
-- Ids are reserved in blocks (one nextval hands out 1024 ids), so that a writer can seal its own rows before it sends them.
CREATE SEQUENCE ledger.entry_id_seq INCREMENT BY 1024 START WITH 1024;

CREATE TABLE ledger.entry (
  book_id      int         NOT NULL,
  period_id    int         NOT NULL,
  entry_id     bigint      NOT NULL,
  event_id     uuid        NOT NULL,  -- one business event may make entries in several books
  source       text        NOT NULL,
  ik           text        NOT NULL,  -- idempotency key, for ever
  body_hash    bytea       NOT NULL,
  kind         text        NOT NULL,
  rule_version int         NOT NULL,
  effective_on date        NOT NULL,
  economic_on  date,                  -- the original date of a correction that had to be booked into a later month
  paid_on      date,                  -- the value date of the money, when it is not the effective date
  n_lines      int         NOT NULL,
  reverses     bigint,
  is_red       boolean     NOT NULL,
  actor        text        NOT NULL,
  description  text        NOT NULL,
  meta         jsonb       NOT NULL,
  recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  mac          bytea       NOT NULL,  -- keyed digest made by the writer; the key never enters the database
  CONSTRAINT entry_pkey PRIMARY KEY (book_id, period_id, entry_id),
  CONSTRAINT entry_month_is_effective CHECK (period_id = (extract(year FROM effective_on) * 100 + extract(month FROM effective_on))::int),
  CONSTRAINT entry_two_lines CHECK (n_lines >= 2),
  CONSTRAINT entry_body_hash_width CHECK (octet_length(body_hash) = 32),
  CONSTRAINT entry_mac_width CHECK (octet_length(mac) = 32),
  CONSTRAINT entry_red_reverses CHECK (NOT is_red OR reverses IS NOT NULL)
) PARTITION BY LIST (period_id);
CREATE INDEX entry_event ON ledger.entry (event_id);

CREATE TABLE ledger.line (
  book_id      int     NOT NULL,
  period_id    int     NOT NULL,
  entry_id     bigint  NOT NULL,
  line_no      int     NOT NULL,
  effective_on date    NOT NULL,
  account_id   int     NOT NULL,
  currency     char(3) NOT NULL,
  side         char(1) NOT NULL,
  amount       bigint  NOT NULL,  -- minor units
  subject_id   bigint,
  party_id     int,
  scheme_id    int,
  funder_id    int,
  channel_id   int,
  CONSTRAINT line_pkey PRIMARY KEY (book_id, period_id, entry_id, line_no),
  CONSTRAINT line_side_known CHECK (side IN ('D', 'C')),
  CONSTRAINT line_amount_positive CHECK (amount > 0),
  CONSTRAINT line_no_positive CHECK (line_no >= 1)
) PARTITION BY LIST (period_id);
CREATE INDEX line_subject ON ledger.line (book_id, subject_id, entry_id) WHERE subject_id IS NOT NULL;

-- One row per entry outside the partitions: what must be unique for the whole book for ever.
CREATE TABLE ledger.entry_key (
  book_id   int    NOT NULL,
  source    text   NOT NULL,
  ik        text   NOT NULL,
  entry_id  bigint NOT NULL,
  period_id int    NOT NULL,
  body_hash bytea  NOT NULL,
  CONSTRAINT entry_key_pkey PRIMARY KEY (book_id, source, ik),
  CONSTRAINT entry_key_entry_once UNIQUE (book_id, entry_id)
);

CREATE TABLE ledger.reversal (
  book_id  int    NOT NULL,
  reverses bigint NOT NULL,
  entry_id bigint NOT NULL,
  CONSTRAINT reversal_pkey PRIMARY KEY (book_id, reverses)
);

-- Enforcement state of accounts that may not be overdrawn per subject; always equal to the sum of the lines.
CREATE TABLE ledger.guard (
  book_id    int    NOT NULL,
  account_id int    NOT NULL,
  subject_id bigint NOT NULL,
  balance    bigint NOT NULL,
  CONSTRAINT guard_pkey PRIMARY KEY (book_id, account_id, subject_id),
  CONSTRAINT guard_nonneg CHECK (balance >= 0)
) WITH (fillfactor = 70);

-- Committed entries that the sequencer has not numbered yet. Emptied continuously, hence the eager vacuum.
CREATE TABLE ledger.intake (
  book_id   int    NOT NULL,
  arrival   bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  entry_id  bigint NOT NULL,
  period_id int    NOT NULL,
  is_red    boolean NOT NULL,
  CONSTRAINT intake_pkey PRIMARY KEY (book_id, arrival)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- ---------------------------------------------------------------- derived: droppable, rebuildable
CREATE TABLE ledger.tip (
  book_id int    NOT NULL,
  seq     bigint NOT NULL,
  CONSTRAINT tip_pkey PRIMARY KEY (book_id)
);
CREATE TABLE ledger.log (
  book_id      int         NOT NULL,
  seq          bigint      NOT NULL,
  entry_id     bigint      NOT NULL,
  period_id    int         NOT NULL,
  is_red       boolean     NOT NULL,
  sequenced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT log_pkey PRIMARY KEY (book_id, seq),
  CONSTRAINT log_entry_once UNIQUE (book_id, entry_id),
  CONSTRAINT log_seq_positive CHECK (seq >= 1)
);
CREATE TABLE ledger.fold (
  book_id  int    NOT NULL,
  upto_seq bigint NOT NULL,
  from_seq bigint NOT NULL,
  CONSTRAINT fold_pkey PRIMARY KEY (book_id, upto_seq),
  CONSTRAINT fold_forward CHECK (upto_seq >= from_seq)
);
-- Bitemporal deltas: what a fold (from_seq..upto_seq] changed on each effective day. Dimension 0 means "none".
CREATE TABLE ledger.account_day (
  book_id      int    NOT NULL,
  account_id   int    NOT NULL,
  effective_on date   NOT NULL,
  upto_seq     bigint NOT NULL,
  party_id     int    NOT NULL,
  scheme_id    int    NOT NULL,
  funder_id    int    NOT NULL,
  channel_id   int    NOT NULL,
  from_seq     bigint NOT NULL,
  debit        numeric(38, 0) NOT NULL,
  credit       numeric(38, 0) NOT NULL,
  red_debit    numeric(38, 0) NOT NULL,  -- the part of debit that red entries made
  red_credit   numeric(38, 0) NOT NULL,
  n            bigint NOT NULL,
  CONSTRAINT account_day_pkey PRIMARY KEY (book_id, account_id, effective_on, upto_seq, party_id, scheme_id, funder_id, channel_id)
);
CREATE INDEX account_day_date ON ledger.account_day (book_id, effective_on);
-- Totals by month, moved by the sequencer only.
CREATE TABLE ledger.account_tip (
  book_id    int NOT NULL,
  period_id  int NOT NULL,
  account_id int NOT NULL,
  party_id   int NOT NULL,
  scheme_id  int NOT NULL,
  funder_id  int NOT NULL,
  channel_id int NOT NULL,
  debit      numeric(38, 0) NOT NULL,
  credit     numeric(38, 0) NOT NULL,
  red_debit  numeric(38, 0) NOT NULL,
  red_credit numeric(38, 0) NOT NULL,
  n          bigint NOT NULL,
  CONSTRAINT account_tip_pkey PRIMARY KEY (book_id, period_id, account_id, party_id, scheme_id, funder_id, channel_id)
) WITH (fillfactor = 70);
CREATE INDEX account_tip_account ON ledger.account_tip (book_id, account_id);

-- ---------------------------------------------------------------- proofs
CREATE TABLE ledger.leaf (
  book_id   int    NOT NULL,
  seq       bigint NOT NULL,
  leaf_hash bytea  NOT NULL,
  CONSTRAINT leaf_pkey PRIMARY KEY (book_id, seq),
  CONSTRAINT leaf_hash_width CHECK (octet_length(leaf_hash) = 32)
);
CREATE TABLE ledger.log_node (
  book_id int      NOT NULL,
  level   smallint NOT NULL,
  idx     bigint   NOT NULL,
  hash    bytea    NOT NULL,
  CONSTRAINT log_node_pkey PRIMARY KEY (book_id, level, idx),
  CONSTRAINT log_node_hash_width CHECK (octet_length(hash) = 32)
);
CREATE TABLE ledger.checkpoint (
  book_id    int         NOT NULL,
  tree_size  bigint      NOT NULL,
  root       bytea       NOT NULL,
  note       text        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT checkpoint_pkey PRIMARY KEY (book_id, tree_size),
  CONSTRAINT checkpoint_root_width CHECK (octet_length(root) = 32)
);
CREATE TABLE ledger.period_seal (
  book_id      int         NOT NULL,
  period_id    int         NOT NULL,
  prev_seal    bytea,
  closed_seq   bigint      NOT NULL,
  log_root     bytea       NOT NULL,
  balance_root bytea       NOT NULL,
  account_root bytea       NOT NULL,
  seal         bytea       NOT NULL,
  note         text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT period_seal_pkey PRIMARY KEY (book_id, period_id),
  CONSTRAINT period_seal_width CHECK (octet_length(seal) = 32)
);

-- ---------------------------------------------------------------- walls: they hold even for the owner and under session_replication_role = replica
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'LEDGER_IMMUTABLE % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

-- An account may be closed once; nothing else about it ever changes.
CREATE FUNCTION ledger.only_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.closed_on IS NOT NULL OR to_jsonb(NEW) - 'closed_on' IS DISTINCT FROM to_jsonb(OLD) - 'closed_on' THEN
    RAISE EXCEPTION 'LEDGER_IMMUTABLE account %', OLD.code USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER account_only_closing BEFORE UPDATE ON ledger.account FOR EACH ROW EXECUTE FUNCTION ledger.only_closing();
ALTER TABLE ledger.account ENABLE ALWAYS TRIGGER account_only_closing;

-- open <-> closing -> closed; closed is terminal.
CREATE FUNCTION ledger.only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (OLD.book_id, OLD.period_id) IS DISTINCT FROM (NEW.book_id, NEW.period_id)
     OR (OLD.state = 'closed' AND NEW.state <> 'closed')
     OR (OLD.state = 'closed' AND OLD.closed_seq IS NOT NULL) THEN
    RAISE EXCEPTION 'LEDGER_IMMUTABLE period %', OLD.period_id USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER period_only_forward BEFORE UPDATE ON ledger.period FOR EACH ROW EXECUTE FUNCTION ledger.only_forward();
ALTER TABLE ledger.period ENABLE ALWAYS TRIGGER period_only_forward;

-- Second, independent check of the journal (the first is inside ledger.post): lines arrive before their entry, all in one
-- statement, numbered 1..n, balanced per currency; an entry arrives with exactly its lines. So an entry is closed for ever.
CREATE FUNCTION ledger.check_new_lines() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE bad bigint;
BEGIN
  SELECT q.entry_id INTO bad FROM (
    SELECT entry_id, min(s) lo, max(s) hi, sum(k) k, min(a) a, max(z) z FROM (
      SELECT entry_id, currency, sum(CASE side WHEN 'D' THEN amount ELSE -amount END) s, count(*) k, min(line_no) a, max(line_no) z
      FROM new_line GROUP BY book_id, period_id, entry_id, currency) c
    GROUP BY entry_id) q
  WHERE q.lo <> 0 OR q.hi <> 0 OR q.a <> 1 OR q.z <> q.k LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'LEDGER_UNBALANCED entry %', bad USING ERRCODE = '23514'; END IF;
  SELECT l.entry_id INTO bad FROM new_line l JOIN ledger.entry_key k ON k.book_id = l.book_id AND k.entry_id = l.entry_id
  WHERE l.line_no = 1 AND EXISTS (SELECT 1 FROM ledger.entry e WHERE e.book_id = l.book_id AND e.period_id = k.period_id AND e.entry_id = l.entry_id) LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'LEDGER_ENTRY_COMPLETE entry % takes no more lines', bad USING ERRCODE = '23514'; END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION ledger.check_new_entries() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE bad bigint;
BEGIN
  SELECT e.entry_id INTO bad FROM new_entry e CROSS JOIN LATERAL (
    SELECT count(*) k, max(l.line_no) z, bool_and(l.effective_on = e.effective_on) d FROM ledger.line l
    WHERE l.book_id = e.book_id AND l.period_id = e.period_id AND l.entry_id = e.entry_id OFFSET 0) x
  WHERE x.k <> e.n_lines OR x.z IS DISTINCT FROM e.n_lines OR NOT x.d LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'LEDGER_INCOMPLETE entry %', bad USING ERRCODE = '23514'; END IF;
  SELECT e.entry_id INTO bad FROM new_entry e LEFT JOIN ledger.entry_key k ON k.book_id = e.book_id AND k.source = e.source AND k.ik = e.ik
  WHERE k.entry_id IS DISTINCT FROM e.entry_id OR k.period_id IS DISTINCT FROM e.period_id OR k.body_hash IS DISTINCT FROM e.body_hash LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'LEDGER_KEY_UNCLAIMED entry %', bad USING ERRCODE = '23514'; END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER line_check AFTER INSERT ON ledger.line REFERENCING NEW TABLE AS new_line FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_lines();
CREATE TRIGGER entry_check AFTER INSERT ON ledger.entry REFERENCING NEW TABLE AS new_entry FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_entries();
ALTER TABLE ledger.line ENABLE ALWAYS TRIGGER line_check;
ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER entry_check;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['entry', 'line', 'entry_key', 'reversal', 'log', 'fold', 'account_day', 'leaf', 'log_node', 'checkpoint', 'period_seal'] LOOP
    EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', t);
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER immutable', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['book', 'account', 'period'] LOOP
    EXECUTE format('CREATE TRIGGER immutable BEFORE %s DELETE OR TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()',
                   CASE t WHEN 'book' THEN 'UPDATE OR' ELSE '' END, t);
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER immutable', t);
  END LOOP;
END $$;

-- ---------------------------------------------------------------- registry functions
-- The books that the session may touch: '*' or a list such as '1,2'. An unset value is an error: it fails closed.
CREATE FUNCTION ledger.may_touch(b int) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT current_setting('ledger.books') = '*' OR b::text = ANY (string_to_array(current_setting('ledger.books'), ','))
$$;

CREATE FUNCTION ledger.open_book(b int, code text, legal_entity text, base_currency text, reversal_style text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  INSERT INTO ledger.book VALUES (b, code, legal_entity, base_currency, reversal_style);
  INSERT INTO ledger.tip VALUES (b, 0);
END $$;

CREATE FUNCTION ledger.open_account(b int, account_code text, name_zh text, name_en text, parent_code text, class text, normal_side text,
  currency text, postable boolean, policy text, required_dims int, opened_on date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE p ledger.account; next_id int;
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  PERFORM 1 FROM ledger.tip t WHERE t.book_id = b FOR UPDATE;  -- one registration at a time, so that ids are dense
  IF parent_code IS NOT NULL THEN
    SELECT * INTO p FROM ledger.account a WHERE a.book_id = b AND a.code = parent_code;
    IF NOT FOUND THEN RAISE EXCEPTION 'LEDGER_ACCOUNT_UNKNOWN %', parent_code USING ERRCODE = '23503'; END IF;
    IF p.postable THEN RAISE EXCEPTION 'LEDGER_PARENT_IS_LEAF %', parent_code USING ERRCODE = '23514'; END IF;
  END IF;
  SELECT coalesce(max(a.account_id), 0) + 1 INTO next_id FROM ledger.account a WHERE a.book_id = b;
  INSERT INTO ledger.account VALUES (b, next_id, account_code, name_zh, name_en, p.account_id, class, normal_side, currency, postable, policy, required_dims, opened_on, NULL);
  RETURN next_id;
END $$;

CREATE FUNCTION ledger.close_account(b int, account_code text, on_date date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  UPDATE ledger.account SET closed_on = on_date WHERE book_id = b AND code = account_code;
  IF NOT FOUND THEN RAISE EXCEPTION 'LEDGER_ACCOUNT_UNKNOWN %', account_code USING ERRCODE = '23503'; END IF;
END $$;

-- A month exists only when somebody opened it; its partitions are attached without blocking the posters of other months.
CREATE FUNCTION ledger.open_period(b int, p int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE t text; part text;
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  IF EXISTS (SELECT 1 FROM ledger.period x WHERE x.book_id = b AND x.period_id > p AND x.state = 'closed') THEN
    RAISE EXCEPTION 'LEDGER_CLOSE_ORDER %', p USING ERRCODE = '23514';
  END IF;
  INSERT INTO ledger.period VALUES (b, p, 'open', NULL) ON CONFLICT DO NOTHING;
  PERFORM pg_advisory_xact_lock(hashtextextended('ledger.open_period', p));
  FOREACH t IN ARRAY ARRAY['entry', 'line'] LOOP
    part := t || '_' || p;
    CONTINUE WHEN to_regclass('ledger.' || part) IS NOT NULL;
    EXECUTE format('CREATE TABLE ledger.%I (LIKE ledger.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, t);
    EXECUTE format('ALTER TABLE ledger.%I ATTACH PARTITION ledger.%I FOR VALUES IN (%s)', t, part, p);
    EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', part);
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER immutable', part);
    -- the parent's statement triggers do not fire for a direct insert into a partition, so each partition carries its own
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON ledger.%I REFERENCING NEW TABLE AS new_%s FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_new_%s()',
                   t || '_check', part, t, CASE t WHEN 'entry' THEN 'entries' ELSE 'lines' END);
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER %I', part, t || '_check');
  END LOOP;
END $$;

-- ---------------------------------------------------------------- the one door
-- Takes a batch of entries as arrays (e_*) and their lines (l_*, l_ord pointing at the entry, 1-based). Answers a verdict per
-- entry: POSTED, REPLAYED, or a refusal code; the others stand. A twin that commits the same key meanwhile makes the batch
-- start again inside (LG409), so the caller sees REPLAYED. Verdicts are numbers while they are worked on, because a text[] is
-- walked from its start at every subscript: 0 accepted, 1 replayed, 2 twice in this batch, from 3 on a refusal.
-- (The words of this function and of move_guards that run today stand in the newest revision that makes them anew.)
CREATE FUNCTION ledger.post(
  e_book int[], e_id bigint[], e_event uuid[], e_source text[], e_ik text[], e_hash bytea[], e_kind text[], e_rule int[],
  e_effective date[], e_economic date[], e_paid date[], e_reverses bigint[], e_red boolean[], e_actor text[], e_description text[],
  e_meta jsonb[], e_mac bytea[], e_n int[],
  l_ord int[], l_no int[], l_account int[], l_currency text[], l_side text[], l_amount bigint[],
  l_subject bigint[], l_party int[], l_scheme int[], l_funder int[], l_channel int[])
RETURNS TABLE (verdict text, entry_id bigint, event_id uuid, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  n int := cardinality(e_book);
  v int[]; d text[]; ids bigint[]; events uuid[];
  words CONSTANT text[] := ARRAY['REPLAYED', 'DUPLICATE', 'LEDGER_IDEMPOTENCY_CONFLICT', 'LEDGER_BOOK_FORBIDDEN', 'LEDGER_PERIOD_UNKNOWN', 'LEDGER_PERIOD_CLOSED',
    'LEDGER_INCOMPLETE', 'LEDGER_ACCOUNT_UNKNOWN', 'LEDGER_ACCOUNT_NOT_LEAF', 'LEDGER_CURRENCY_MISMATCH', 'LEDGER_AMOUNT_INVALID', 'LEDGER_UNBALANCED', 'LEDGER_ACCOUNT_CLOSED',
    'LEDGER_DIMENSION_MISSING', 'LEDGER_REVERSED_UNKNOWN', 'LEDGER_REVERSAL_OF_REVERSAL', 'LEDGER_ALREADY_REVERSED', 'LEDGER_NOT_AN_INVERSION', 'LEDGER_GUARD_VIOLATED'];
  periods int[]; dup int[];
  accepted int; claimed int; i int; tries int := 0; seen bigint[]; orig record; r record; touched int[];
  g_book int[]; g_account int[]; g_subject bigint[]; g_delta bigint[]; g_low bigint[];
BEGIN
  IF n = 0 THEN RETURN; END IF;
  SELECT array_agg((extract(year FROM x) * 100 + extract(month FROM x))::int ORDER BY o) INTO periods FROM unnest(e_effective) WITH ORDINALITY u(x, o);
  -- period gate: the fair advisory queue keeps a closer from starving, the row lock holds under REPEATABLE READ too
  FOR r IN SELECT DISTINCT b, p FROM unnest(e_book, periods) u(b, p) ORDER BY b, p LOOP
    PERFORM pg_advisory_xact_lock_shared(r.b, r.p);
    PERFORM 1 FROM ledger.period x WHERE x.book_id = r.b AND x.period_id = r.p FOR SHARE;
  END LOOP;
  LOOP
    BEGIN
      tries := tries + 1;
      -- keys: replayed, conflicting, or twice in this batch
      SELECT array_agg(CASE WHEN k.entry_id IS NOT NULL THEN CASE WHEN k.body_hash = q.h THEN 1 ELSE 3 END WHEN q.first_o < q.o THEN 2 ELSE 0 END ORDER BY q.o),
             array_agg(coalesce(k.entry_id, q.id) ORDER BY q.o),
             array_agg(k.entry_id::text ORDER BY q.o),
             array_agg(q.first_o ORDER BY q.o)
        INTO v, ids, d, dup
        FROM (SELECT u.*, min(o) OVER (PARTITION BY b, s, ik)::int first_o FROM unnest(e_book, e_source, e_ik, e_hash, e_id) WITH ORDINALITY u(b, s, ik, h, id, o)) q
        LEFT JOIN ledger.entry_key k ON k.book_id = q.b AND k.source = q.s AND k.ik = q.ik;
      events := e_event;
      IF 1 = ANY (v) THEN
        SELECT array_agg(CASE WHEN v[o] = 1 THEN (SELECT e.event_id FROM ledger.entry e JOIN ledger.entry_key k USING (book_id, period_id, entry_id)
                 WHERE k.book_id = b AND k.entry_id = ids[o]) ELSE x END ORDER BY o) INTO events FROM unnest(e_book, e_event) WITH ORDINALITY u(b, x, o);
      END IF;
      -- headers and lines
      SELECT array_agg(CASE WHEN v[h.o] <> 0 THEN v[h.o]
               WHEN NOT ledger.may_touch(h.b) THEN 4
               WHEN p.state IS NULL THEN 5
               WHEN p.state <> 'open' THEN 6
               WHEN c.k IS DISTINCT FROM h.n OR c.k < 2 OR c.lo <> 1 OR c.hi <> c.k OR c.nos <> c.k * (c.k + 1) / 2 THEN 7
               WHEN c.unknown THEN 8
               WHEN c.group_account THEN 9
               WHEN c.wrong_currency THEN 10
               WHEN c.bad_amount THEN 11
               WHEN c.unbalanced THEN 12
               WHEN c.account_shut THEN 13
               WHEN c.dims_missing THEN 14 ELSE 0 END ORDER BY h.o)
        INTO v
        FROM unnest(e_book, periods, e_n) WITH ORDINALITY h(b, p, n, o)
        LEFT JOIN ledger.period p ON p.book_id = h.b AND p.period_id = h.p
        LEFT JOIN (
          SELECT z.ord, sum(z.k)::bigint k, min(z.lo) lo, max(z.hi) hi, sum(z.nos)::bigint nos, bool_or(z.net <> 0) unbalanced, bool_or(z.bad_amount) bad_amount,
                 bool_or(z.unknown) unknown, bool_or(z.group_account) group_account, bool_or(z.wrong_currency) wrong_currency,
                 bool_or(z.account_shut) account_shut, bool_or(z.dims_missing) dims_missing
            FROM (SELECT l.ord, l.cur, count(*) k, min(l.no) lo, max(l.no) hi, sum(l.no) nos, sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END) net,
                         bool_or(l.amount <= 0 OR l.side NOT IN ('D', 'C')) bad_amount, bool_or(a.account_id IS NULL) unknown, bool_or(NOT a.postable) group_account,
                         bool_or(a.currency <> l.cur) wrong_currency,
                         bool_or(e_effective[l.ord] < a.opened_on OR coalesce(e_effective[l.ord] > a.closed_on, false)) account_shut,
                         bool_or((a.required_dims & ((l.subject IS NOT NULL)::int + 2 * (l.party IS NOT NULL)::int + 4 * (l.scheme IS NOT NULL)::int
                           + 8 * (l.funder IS NOT NULL)::int + 16 * (l.channel IS NOT NULL)::int)) <> a.required_dims) dims_missing
                    FROM unnest(l_ord, l_no, l_account, l_currency, l_side, l_amount, l_subject, l_party, l_scheme, l_funder, l_channel)
                           l(ord, no, account, cur, side, amount, subject, party, scheme, funder, channel)
                    LEFT JOIN ledger.account a ON a.book_id = e_book[l.ord] AND a.account_id = l.account
                   GROUP BY l.ord, l.cur) z
           GROUP BY z.ord) c ON c.ord = h.o;
      -- reversals: of an entry of this book, not itself a reversal, once, and line for line inverted
      seen := '{}';
      IF array_remove(e_reverses, NULL) <> '{}' THEN
        FOR i IN 1..n LOOP
          CONTINUE WHEN e_reverses[i] IS NULL OR v[i] <> 0;
          SELECT e.* INTO orig FROM ledger.entry_key k JOIN ledger.entry e USING (book_id, period_id, entry_id) WHERE k.book_id = e_book[i] AND k.entry_id = e_reverses[i];
          IF NOT FOUND THEN v[i] := 15;
          ELSIF orig.reverses IS NOT NULL THEN v[i] := 16;
          ELSIF e_reverses[i] = ANY (seen) OR EXISTS (SELECT 1 FROM ledger.reversal x WHERE x.book_id = e_book[i] AND x.reverses = e_reverses[i]) THEN v[i] := 17;
          ELSIF orig.n_lines <> e_n[i] OR EXISTS (
            SELECT l.line_no, l.account_id, l.currency::text, translate(l.side, 'DC', 'CD'), l.amount, l.subject_id, l.party_id, l.scheme_id, l.funder_id, l.channel_id
              FROM ledger.line l WHERE l.book_id = e_book[i] AND l.period_id = orig.period_id AND l.entry_id = orig.entry_id
            EXCEPT ALL
            SELECT l.no, l.account, l.cur, l.side, l.amount, l.subject, l.party, l.scheme, l.funder, l.channel
              FROM unnest(l_ord, l_no, l_account, l_currency, l_side, l_amount, l_subject, l_party, l_scheme, l_funder, l_channel)
                     l(ord, no, account, cur, side, amount, subject, party, scheme, funder, channel) WHERE l.ord = i) THEN v[i] := 18;
          ELSE seen := seen || e_reverses[i];
          END IF;
        END LOOP;
      END IF;
      -- guards: each guarded (account, subject) moves once for the whole batch; `low` is the lowest point on the way. Only when
      -- one would fall below zero (rare) are the entries tried one by one, in order, so that only the offenders are refused.
      SELECT array_agg(DISTINCT a.account_id) INTO touched FROM ledger.account a WHERE a.policy = 'subject_nonneg' AND a.book_id = ANY (e_book) AND a.account_id = ANY (l_account);
      IF touched IS NOT NULL THEN
        SELECT array_agg(q.b), array_agg(q.account), array_agg(q.subject), array_agg(q.delta), array_agg(q.low) INTO g_book, g_account, g_subject, g_delta, g_low FROM (
          SELECT r.b, r.account, r.subject, sum(r.delta)::bigint delta, min(r.running)::bigint low FROM (
            SELECT m.*, sum(m.delta) OVER (PARTITION BY m.b, m.account, m.subject ORDER BY m.ord) running FROM (
              SELECT e_book[l.ord] b, l.account, coalesce(l.subject, 0) subject, l.ord, sum(CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END) delta
                FROM unnest(l_ord, l_account, l_side, l_amount, l_subject) l(ord, account, side, amount, subject)
                JOIN ledger.account a ON a.book_id = e_book[l.ord] AND a.account_id = l.account AND a.policy = 'subject_nonneg'
               WHERE l.account = ANY (touched) AND v[l.ord] = 0 GROUP BY 1, 2, 3, 4) m) r
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) q;
        BEGIN
          PERFORM ledger.move_guards(g_book, g_account, g_subject, g_delta, g_low);
        EXCEPTION WHEN check_violation THEN
          PERFORM 1 FROM unnest(g_book, g_account, g_subject) q(b, account, subject) JOIN ledger.guard g ON g.book_id = q.b AND g.account_id = q.account AND g.subject_id = q.subject
            ORDER BY g.book_id, g.account_id, g.subject_id FOR UPDATE OF g;
          FOR i IN 1..n LOOP
            CONTINUE WHEN v[i] <> 0;
            SELECT array_agg(q.account), array_agg(q.subject), array_agg(q.delta) INTO g_account, g_subject, g_delta FROM (
              SELECT l.account, coalesce(l.subject, 0) subject, sum(CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END)::bigint delta
                FROM unnest(l_ord, l_account, l_side, l_amount, l_subject) l(ord, account, side, amount, subject)
                JOIN ledger.account a ON a.book_id = e_book[i] AND a.account_id = l.account AND a.policy = 'subject_nonneg'
               WHERE l.ord = i GROUP BY 1, 2 ORDER BY 1, 2) q;
            BEGIN
              PERFORM ledger.move_guards(array_fill(e_book[i], ARRAY[coalesce(cardinality(g_account), 0)]), g_account, g_subject, g_delta, g_delta);
            EXCEPTION WHEN check_violation THEN
              v[i] := 19;
              d[i] := (SELECT format('account %s subject %s available %s', a.code, q.subject, coalesce(g.balance, 0))
                FROM unnest(g_account, g_subject, g_delta) q(account, subject, delta) JOIN ledger.account a ON a.book_id = e_book[i] AND a.account_id = q.account
                LEFT JOIN ledger.guard g ON g.book_id = e_book[i] AND g.account_id = q.account AND g.subject_id = q.subject
               WHERE coalesce(g.balance, 0) + q.delta < 0 ORDER BY q.account, q.subject LIMIT 1);
            END;
          END LOOP;
        END;
      END IF;
      -- claim the keys, in key order so that two batches cannot deadlock
      SELECT count(*) INTO accepted FROM unnest(v) x WHERE x = 0;
      INSERT INTO ledger.entry_key (book_id, source, ik, entry_id, period_id, body_hash)
        SELECT u.b, u.s, u.ik, u.id, u.p, u.h FROM unnest(e_book, e_source, e_ik, e_id, periods, e_hash) WITH ORDINALITY u(b, s, ik, id, p, h, o)
         WHERE v[u.o] = 0 ORDER BY 1, 2, 3 ON CONFLICT ON CONSTRAINT entry_key_pkey DO NOTHING;
      GET DIAGNOSTICS claimed = ROW_COUNT;
      IF claimed <> accepted THEN RAISE EXCEPTION 'LEDGER_TWIN' USING ERRCODE = 'LG409'; END IF;
      EXIT;
    EXCEPTION WHEN SQLSTATE 'LG409' THEN
      IF tries >= 10 THEN RAISE; END IF;
    END;
  END LOOP;
  IF accepted > 0 THEN
    INSERT INTO ledger.line (book_id, period_id, entry_id, line_no, effective_on, account_id, currency, side, amount, subject_id, party_id, scheme_id, funder_id, channel_id)
      SELECT e_book[l.ord], periods[l.ord], e_id[l.ord], l.no, e_effective[l.ord], l.account, l.cur, l.side, l.amount, l.subject, l.party, l.scheme, l.funder, l.channel
        FROM unnest(l_ord, l_no, l_account, l_currency, l_side, l_amount, l_subject, l_party, l_scheme, l_funder, l_channel)
               l(ord, no, account, cur, side, amount, subject, party, scheme, funder, channel) WHERE v[l.ord] = 0;
    INSERT INTO ledger.entry (book_id, period_id, entry_id, event_id, source, ik, body_hash, kind, rule_version, effective_on, economic_on, paid_on, n_lines, reverses, is_red, actor, description, meta, mac)
      SELECT u.b, u.p, u.id, u.ev, u.s, u.ik, u.h, u.kind, u.rule, u.eff, u.eco, u.paid, u.n, u.rev, u.red, u.actor, u.descr, u.meta, u.mac
        FROM unnest(e_book, periods, e_id, e_event, e_source, e_ik, e_hash, e_kind, e_rule, e_effective, e_economic, e_paid, e_n, e_reverses, e_red, e_actor, e_description, e_meta, e_mac)
               WITH ORDINALITY u(b, p, id, ev, s, ik, h, kind, rule, eff, eco, paid, n, rev, red, actor, descr, meta, mac, o) WHERE v[u.o] = 0;
    IF seen <> '{}' THEN
      INSERT INTO ledger.reversal (book_id, reverses, entry_id) SELECT u.b, u.rev, u.id FROM unnest(e_book, e_reverses, e_id) WITH ORDINALITY u(b, rev, id, o) WHERE v[u.o] = 0 AND u.rev IS NOT NULL;
    END IF;
    INSERT INTO ledger.intake (book_id, entry_id, period_id, is_red) SELECT u.b, u.id, u.p, u.red FROM unnest(e_book, e_id, periods, e_red) WITH ORDINALITY u(b, id, p, red, o) WHERE v[u.o] = 0 ORDER BY u.o;
  END IF;
  RETURN QUERY
    SELECT CASE f.v WHEN 0 THEN CASE WHEN f.twin THEN 'REPLAYED' ELSE 'POSTED' END ELSE words[f.v] END, ids[f.first], events[f.first],
           CASE f.v WHEN 0 THEN NULL WHEN 5 THEN e_book[f.o] || '/' || periods[f.o] WHEN 6 THEN e_book[f.o] || '/' || periods[f.o] ELSE d[f.first] END
      FROM (SELECT o, dup[o] first, v[o] = 2 twin, CASE WHEN v[o] <> 2 THEN v[o] WHEN e_hash[o] <> e_hash[dup[o]] THEN 3 ELSE v[dup[o]] END v
              FROM generate_series(1, n) o) f ORDER BY f.o;
END $$;

-- Moves guard rows, given in key order; raises check_violation when one would fall below zero on the way, and LG409 when a
-- concurrent batch creates the same row meanwhile (the batch then starts again).
CREATE FUNCTION ledger.move_guards(g_book int[], g_account int[], g_subject bigint[], g_delta bigint[], g_low bigint[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE done int; made int; short boolean;
BEGIN
  -- UPDATE first: INSERT ... ON CONFLICT DO UPDATE would test CHECK on the proposed (negative) row
  WITH moved AS (
    UPDATE ledger.guard g SET balance = g.balance + m.delta FROM unnest(g_book, g_account, g_subject, g_delta, g_low) m(b, account, subject, delta, low)
     WHERE g.book_id = m.b AND g.account_id = m.account AND g.subject_id = m.subject RETURNING g.balance - m.delta + m.low < 0 fell)
  SELECT count(*), coalesce(bool_or(x.fell), false) INTO done, short FROM moved x;
  IF NOT short AND done < cardinality(g_book) THEN
    SELECT bool_or(m.low < 0) INTO short FROM unnest(g_book, g_account, g_subject, g_low) m(b, account, subject, low)
     WHERE NOT EXISTS (SELECT 1 FROM ledger.guard g WHERE g.book_id = m.b AND g.account_id = m.account AND g.subject_id = m.subject OFFSET 0);
    IF NOT coalesce(short, false) THEN
      INSERT INTO ledger.guard (book_id, account_id, subject_id, balance)
        SELECT m.b, m.account, m.subject, m.delta FROM unnest(g_book, g_account, g_subject, g_delta) m(b, account, subject, delta)
         WHERE NOT EXISTS (SELECT 1 FROM ledger.guard g WHERE g.book_id = m.b AND g.account_id = m.account AND g.subject_id = m.subject OFFSET 0)
        ON CONFLICT ON CONSTRAINT guard_pkey DO NOTHING;
      GET DIAGNOSTICS made = ROW_COUNT;
      IF done + made <> cardinality(g_book) THEN RAISE EXCEPTION 'LEDGER_TWIN' USING ERRCODE = 'LG409'; END IF;
    END IF;
  END IF;
  IF short THEN RAISE EXCEPTION 'LEDGER_GUARD_VIOLATED' USING ERRCODE = 'check_violation'; END IF;
END $$;

-- ---------------------------------------------------------------- folding
CREATE FUNCTION ledger.month_of(d date) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(year FROM d) * 100 + extract(month FROM d))::int $$;

-- What the log's entries lo..hi changed per account, day and dimensions. OFFSET 0 pins the plan: one key look-up per entry.
CREATE FUNCTION ledger.totals(b int, lo bigint, hi bigint)
RETURNS TABLE (account_id int, effective_on date, party_id int, scheme_id int, funder_id int, channel_id int, debit numeric, credit numeric, red_debit numeric, red_credit numeric, n bigint)
LANGUAGE sql STABLE AS $$
  SELECT l.account_id, l.effective_on, coalesce(l.party_id, 0), coalesce(l.scheme_id, 0), coalesce(l.funder_id, 0), coalesce(l.channel_id, 0),
         coalesce(sum(l.amount) FILTER (WHERE l.side = 'D'), 0), coalesce(sum(l.amount) FILTER (WHERE l.side = 'C'), 0),
         coalesce(sum(l.amount) FILTER (WHERE l.side = 'D' AND g.is_red), 0), coalesce(sum(l.amount) FILTER (WHERE l.side = 'C' AND g.is_red), 0), count(*)
    FROM ledger.log g CROSS JOIN LATERAL (
      SELECT x.* FROM ledger.line x WHERE x.book_id = b AND x.period_id = g.period_id AND x.entry_id = g.entry_id OFFSET 0) l
   WHERE g.book_id = b AND g.seq BETWEEN lo AND hi
   GROUP BY 1, 2, 3, 4, 5, 6
$$;

-- ---------------------------------------------------------------- the sequencer: intake -> gapless log and folded totals, one transaction
CREATE FUNCTION ledger.sequence(b int, lim int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE s bigint; k int;
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  SELECT t.seq INTO STRICT s FROM ledger.tip t WHERE t.book_id = b FOR UPDATE;
  -- arrival orders rows inside one batch only; it is never used as a high-water mark
  WITH gone AS (
    DELETE FROM ledger.intake i USING (SELECT x.arrival FROM ledger.intake x WHERE x.book_id = b ORDER BY x.arrival LIMIT lim) x
     WHERE i.book_id = b AND i.arrival = x.arrival RETURNING i.arrival, i.entry_id, i.period_id, i.is_red)
  INSERT INTO ledger.log (book_id, seq, entry_id, period_id, is_red) SELECT b, s + row_number() OVER (ORDER BY arrival), entry_id, period_id, is_red FROM gone;
  GET DIAGNOSTICS k = ROW_COUNT;
  IF k = 0 THEN RETURN 0; END IF;
  INSERT INTO ledger.fold VALUES (b, s + k, s + 1);
  WITH x AS MATERIALIZED (SELECT * FROM ledger.totals(b, s + 1, s + k)),
  days AS (
    INSERT INTO ledger.account_day (book_id, account_id, effective_on, upto_seq, party_id, scheme_id, funder_id, channel_id, from_seq, debit, credit, red_debit, red_credit, n)
      SELECT b, x.account_id, x.effective_on, s + k, x.party_id, x.scheme_id, x.funder_id, x.channel_id, s + 1, x.debit, x.credit, x.red_debit, x.red_credit, x.n FROM x)
  INSERT INTO ledger.account_tip AS t (book_id, period_id, account_id, party_id, scheme_id, funder_id, channel_id, debit, credit, red_debit, red_credit, n)
    SELECT b, ledger.month_of(x.effective_on), x.account_id, x.party_id, x.scheme_id, x.funder_id, x.channel_id,
           sum(x.debit), sum(x.credit), sum(x.red_debit), sum(x.red_credit), sum(x.n)
      FROM x GROUP BY 2, 3, 4, 5, 6, 7
    ON CONFLICT ON CONSTRAINT account_tip_pkey DO UPDATE SET debit = t.debit + excluded.debit, credit = t.credit + excluded.credit,
      red_debit = t.red_debit + excluded.red_debit, red_credit = t.red_credit + excluded.red_credit, n = t.n + excluded.n;
  UPDATE ledger.tip SET seq = s + k WHERE book_id = b;
  RETURN k;
END $$;

-- ---------------------------------------------------------------- closing a month
CREATE FUNCTION ledger.begin_close(b int, p int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  PERFORM pg_advisory_xact_lock(b, p);
  UPDATE ledger.period SET state = 'closing' WHERE book_id = b AND period_id = p AND state = 'open';
  IF NOT FOUND THEN RAISE EXCEPTION 'LEDGER_PERIOD_STATE %', p USING ERRCODE = '23514'; END IF;
END $$;
CREATE FUNCTION ledger.reopen(b int, p int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  UPDATE ledger.period SET state = 'open' WHERE book_id = b AND period_id = p AND state = 'closing';
  IF NOT FOUND THEN RAISE EXCEPTION 'LEDGER_PERIOD_STATE %', p USING ERRCODE = '23514'; END IF;
END $$;
-- Closes the earliest unclosed month. In-flight posters finish first (row lock); only what was posted before is drained, so
-- other months go on.
CREATE FUNCTION ledger.close_period(b int, p int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE s bigint;
BEGIN
  IF NOT ledger.may_touch(b) THEN RAISE EXCEPTION 'LEDGER_BOOK_FORBIDDEN %', b USING ERRCODE = '42501'; END IF;
  IF EXISTS (SELECT 1 FROM ledger.period x WHERE x.book_id = b AND x.period_id < p AND x.state <> 'closed') THEN RAISE EXCEPTION 'LEDGER_CLOSE_ORDER %', p USING ERRCODE = '23514'; END IF;
  PERFORM pg_advisory_xact_lock(b, p);
  UPDATE ledger.period SET state = 'closed' WHERE book_id = b AND period_id = p AND state IN ('open', 'closing');
  IF NOT FOUND THEN RAISE EXCEPTION 'LEDGER_PERIOD_STATE %', p USING ERRCODE = '23514'; END IF;
  WHILE EXISTS (SELECT 1 FROM ledger.intake i WHERE i.book_id = b AND i.period_id <= p) LOOP PERFORM ledger.sequence(b, 5000); END LOOP;
  SELECT t.seq INTO s FROM ledger.tip t WHERE t.book_id = b FOR UPDATE;
  UPDATE ledger.period SET closed_seq = s WHERE book_id = b AND period_id = p;
  RETURN s;
END $$;

-- ---------------------------------------------------------------- reading
-- Gross totals of a book per account and dimensions: opening (before from_on) and turnover (from_on..to_on).
-- as_of NULL: now, pending entries included, from month totals plus the days of the partial months.
-- as_of S: as the log knew it at S, from the bitemporal day deltas plus the lines of a fold that S cuts.
CREATE FUNCTION ledger.balances(b int, from_on date, to_on date, as_of bigint)
RETURNS TABLE (account_id int, party_id int, scheme_id int, funder_id int, channel_id int, open_debit numeric, open_credit numeric, debit numeric, credit numeric, red_debit numeric, red_credit numeric)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  first_whole int := CASE WHEN from_on = date_trunc('month', from_on)::date THEN ledger.month_of(from_on) ELSE ledger.month_of((date_trunc('month', from_on) + interval '1 month')::date) END;
  last_whole int := CASE WHEN to_on = (date_trunc('month', to_on) + interval '1 month - 1 day')::date THEN ledger.month_of(to_on) ELSE ledger.month_of((date_trunc('month', to_on) - interval '1 day')::date) END;
  from_month int := ledger.month_of(from_on);
  head bigint;
BEGIN
  IF as_of IS NULL THEN
    RETURN QUERY SELECT q.a, q.pa, q.sc, q.fu, q.ch,
        coalesce(sum(q.d) FILTER (WHERE q.o), 0), coalesce(sum(q.c) FILTER (WHERE q.o), 0), coalesce(sum(q.d) FILTER (WHERE NOT q.o), 0), coalesce(sum(q.c) FILTER (WHERE NOT q.o), 0),
        coalesce(sum(q.rd) FILTER (WHERE NOT q.o), 0), coalesce(sum(q.rc) FILTER (WHERE NOT q.o), 0)
      FROM (
        SELECT t.account_id a, t.party_id pa, t.scheme_id sc, t.funder_id fu, t.channel_id ch, t.period_id < from_month o, t.debit d, t.credit c, t.red_debit rd, t.red_credit rc
          FROM ledger.account_tip t WHERE t.book_id = b AND (t.period_id < from_month OR t.period_id BETWEEN first_whole AND last_whole)
        UNION ALL
        SELECT y.account_id, y.party_id, y.scheme_id, y.funder_id, y.channel_id, y.effective_on < from_on, y.debit, y.credit, y.red_debit, y.red_credit
          FROM ledger.account_day y WHERE y.book_id = b AND from_month < first_whole
           AND y.effective_on BETWEEN date_trunc('month', from_on)::date AND least(to_on, (date_trunc('month', from_on) + interval '1 month - 1 day')::date)
        UNION ALL
        SELECT y.account_id, y.party_id, y.scheme_id, y.funder_id, y.channel_id, false, y.debit, y.credit, y.red_debit, y.red_credit
          FROM ledger.account_day y WHERE y.book_id = b AND ledger.month_of(to_on) > last_whole AND NOT (from_month < first_whole AND from_month = ledger.month_of(to_on))
           AND y.effective_on BETWEEN greatest(from_on, date_trunc('month', to_on)::date) AND to_on
        UNION ALL
        SELECT l.account_id, coalesce(l.party_id, 0), coalesce(l.scheme_id, 0), coalesce(l.funder_id, 0), coalesce(l.channel_id, 0), l.effective_on < from_on,
               CASE l.side WHEN 'D' THEN l.amount ELSE 0 END, CASE l.side WHEN 'C' THEN l.amount ELSE 0 END,
               CASE WHEN l.side = 'D' AND i.is_red THEN l.amount ELSE 0 END, CASE WHEN l.side = 'C' AND i.is_red THEN l.amount ELSE 0 END
          FROM ledger.intake i CROSS JOIN LATERAL (SELECT x.* FROM ledger.line x WHERE x.book_id = b AND x.period_id = i.period_id AND x.entry_id = i.entry_id OFFSET 0) l
         WHERE i.book_id = b AND l.effective_on <= to_on) q
      GROUP BY 1, 2, 3, 4, 5;
  ELSE
    SELECT coalesce(max(f.upto_seq), 0) INTO head FROM ledger.fold f WHERE f.book_id = b AND f.upto_seq <= as_of;
    RETURN QUERY SELECT q.a, q.pa, q.sc, q.fu, q.ch,
        coalesce(sum(q.d) FILTER (WHERE q.e < from_on), 0), coalesce(sum(q.c) FILTER (WHERE q.e < from_on), 0), coalesce(sum(q.d) FILTER (WHERE q.e >= from_on), 0), coalesce(sum(q.c) FILTER (WHERE q.e >= from_on), 0),
        coalesce(sum(q.rd) FILTER (WHERE q.e >= from_on), 0), coalesce(sum(q.rc) FILTER (WHERE q.e >= from_on), 0)
      FROM (
        SELECT y.account_id a, y.party_id pa, y.scheme_id sc, y.funder_id fu, y.channel_id ch, y.effective_on e, y.debit d, y.credit c, y.red_debit rd, y.red_credit rc
          FROM ledger.account_day y WHERE y.book_id = b AND y.effective_on <= to_on AND y.upto_seq <= head
        UNION ALL
        SELECT x.account_id, x.party_id, x.scheme_id, x.funder_id, x.channel_id, x.effective_on, x.debit, x.credit, x.red_debit, x.red_credit
          FROM ledger.totals(b, head + 1, as_of) x WHERE x.effective_on <= to_on) q
      GROUP BY 1, 2, 3, 4, 5;
  END IF;
END $$;

-- Debit minus credit of one account now, exact in one snapshot: month totals plus pending entries.
CREATE FUNCTION ledger.balance_now(b int, a int) RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT sum(t.debit - t.credit) FROM ledger.account_tip t WHERE t.book_id = b AND t.account_id = a), 0)
       + coalesce((SELECT sum(x.s) FROM (SELECT i.entry_id, i.period_id FROM ledger.intake i WHERE i.book_id = b OFFSET 0) i CROSS JOIN LATERAL (
           SELECT sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END) s FROM ledger.line l
            WHERE l.book_id = b AND l.period_id = i.period_id AND l.entry_id = i.entry_id AND l.account_id = a OFFSET 0) x), 0)
$$;
-- Debit minus credit of one account: effective on or before d, as recorded at log size s.
CREATE FUNCTION ledger.balance_at(b int, a int, d date, s bigint) RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT sum(y.debit - y.credit) FROM ledger.account_day y WHERE y.book_id = b AND y.account_id = a AND y.effective_on <= d AND y.upto_seq <= s), 0)
       + coalesce((SELECT sum(x.debit - x.credit) FROM ledger.totals(b, (SELECT coalesce(max(f.upto_seq), 0) + 1 FROM ledger.fold f WHERE f.book_id = b AND f.upto_seq <= s), s) x
                    WHERE x.account_id = a AND x.effective_on <= d), 0)
$$;

-- Law: the folded totals equal the lines. Answers the rows that differ (none, or the derived tables must be rebuilt).
CREATE FUNCTION ledger.derived_difference(b int) RETURNS TABLE (what text, account_id int, detail text) LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'account_day', coalesce(d.account_id, t.account_id), format('fold %s day %s', coalesce(d.upto_seq, t.upto_seq), coalesce(d.effective_on, t.effective_on))
    FROM (SELECT y.* FROM ledger.account_day y WHERE y.book_id = b) d
    FULL JOIN (SELECT f.upto_seq, x.* FROM ledger.fold f CROSS JOIN LATERAL ledger.totals(b, f.from_seq, f.upto_seq) x WHERE f.book_id = b) t
      USING (account_id, effective_on, upto_seq, party_id, scheme_id, funder_id, channel_id)
   WHERE (d.debit, d.credit, d.red_debit, d.red_credit, d.n) IS DISTINCT FROM (t.debit, t.credit, t.red_debit, t.red_credit, t.n)
  UNION ALL
  SELECT 'account_tip', coalesce(a.account_id, t.account_id), format('month %s', coalesce(a.period_id, t.period_id))
    FROM (SELECT x.* FROM ledger.account_tip x WHERE x.book_id = b) a
    FULL JOIN (SELECT ledger.month_of(y.effective_on) period_id, y.account_id, y.party_id, y.scheme_id, y.funder_id, y.channel_id,
                      sum(y.debit) debit, sum(y.credit) credit, sum(y.red_debit) red_debit, sum(y.red_credit) red_credit, sum(y.n) n
                 FROM ledger.account_day y WHERE y.book_id = b GROUP BY 1, 2, 3, 4, 5, 6) t
      USING (period_id, account_id, party_id, scheme_id, funder_id, channel_id)
   WHERE (a.debit, a.credit, a.red_debit, a.red_credit, a.n) IS DISTINCT FROM (t.debit, t.credit, t.red_debit, t.red_credit, t.n)
  UNION ALL
  SELECT 'guard', coalesce(g.account_id, t.account_id), format('subject %s guard %s lines %s', coalesce(g.subject_id, t.subject_id), g.balance, t.balance)
    FROM (SELECT x.* FROM ledger.guard x WHERE x.book_id = b) g
    FULL JOIN (SELECT l.account_id, coalesce(l.subject_id, 0) subject_id, sum(CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END) balance
                 FROM ledger.line l JOIN ledger.account a ON a.book_id = l.book_id AND a.account_id = l.account_id AND a.policy = 'subject_nonneg' WHERE l.book_id = b GROUP BY 1, 2) t
      USING (account_id, subject_id)
   WHERE g.balance IS DISTINCT FROM t.balance
$$;

-- ---------------------------------------------------------------- row-level security: the second wall
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['book', 'account', 'period', 'entry', 'line', 'entry_key', 'reversal', 'guard', 'intake', 'tip', 'log', 'fold', 'account_day', 'account_tip',
                           'leaf', 'log_node', 'checkpoint', 'period_seal'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON ledger.%I FOR SELECT TO ledger_reader USING (current_setting(''ledger.books'') = ''*'' OR book_id::text = ANY (string_to_array(current_setting(''ledger.books''), '','')))', t || '_book', t);
    EXECUTE format('CREATE POLICY %I ON ledger.%I FOR SELECT TO ledger_auditor USING (true)', t || '_auditor', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['leaf', 'log_node', 'checkpoint', 'period_seal'] LOOP
    EXECUTE format('CREATE POLICY %I ON ledger.%I FOR INSERT TO ledger_sealer WITH CHECK (current_setting(''ledger.books'') = ''*'' OR book_id::text = ANY (string_to_array(current_setting(''ledger.books''), '','')))', t || '_sealer', t);
  END LOOP;
END $$;
CREATE POLICY line_of_party ON ledger.line FOR SELECT TO ledger_party
  USING (book_id = current_setting('ledger.book')::int AND party_id = current_setting('ledger.party')::int);

-- ---------------------------------------------------------------- privileges: nobody but the owner inserts into the journal
GRANT USAGE ON SCHEMA ledger TO ledger_writer, ledger_sequencer, ledger_closer, ledger_registrar, ledger_sealer, ledger_reader, ledger_party, ledger_auditor;
GRANT USAGE ON SEQUENCE ledger.entry_id_seq TO ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.post(int[], bigint[], uuid[], text[], text[], bytea[], text[], int[], date[], date[], date[], bigint[], boolean[], text[], text[], jsonb[], bytea[], int[],
  int[], int[], int[], text[], text[], bigint[], bigint[], int[], int[], int[], int[]) TO ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.sequence(int, int) TO ledger_sequencer;
GRANT EXECUTE ON FUNCTION ledger.begin_close(int, int), ledger.reopen(int, int), ledger.close_period(int, int) TO ledger_closer;
GRANT EXECUTE ON FUNCTION ledger.open_book(int, text, text, text, text), ledger.open_period(int, int), ledger.close_account(int, text, date),
  ledger.open_account(int, text, text, text, text, text, text, text, boolean, text, int, date) TO ledger_registrar;
GRANT EXECUTE ON FUNCTION ledger.balances(int, date, date, bigint), ledger.balance_now(int, int), ledger.balance_at(int, int, date, bigint), ledger.totals(int, bigint, bigint),
  ledger.month_of(date), ledger.may_touch(int), ledger.derived_difference(int) TO ledger_reader, ledger_auditor;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO ledger_reader, ledger_auditor;
GRANT SELECT ON ledger.line TO ledger_party;
GRANT INSERT ON ledger.leaf, ledger.log_node, ledger.period_seal TO ledger_sealer;
GRANT INSERT ON ledger.checkpoint TO ledger_sealer;
RESET ROLE;

-- ---------------------------------------------------------------- every change of the schema leaves a trace (needs a superuser; elsewhere the platform's own audit does it)
CREATE TABLE ledger.ddl_log (
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  who     text        NOT NULL,
  tag     text        NOT NULL,
  object  text        NOT NULL
);
ALTER TABLE ledger.ddl_log OWNER TO ledger_owner;
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.ddl_log FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.ddl_log ENABLE ALWAYS TRIGGER immutable;
GRANT SELECT ON ledger.ddl_log TO ledger_reader, ledger_auditor;
CREATE FUNCTION ledger.record_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE schema_name = 'ledger' LOOP
    INSERT INTO ledger.ddl_log (who, tag, object) VALUES (session_user, r.command_tag, coalesce(r.object_identity, ''));
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION ledger.record_ddl() FROM PUBLIC;
ALTER FUNCTION ledger.record_ddl() OWNER TO ledger_owner;
DO $$
BEGIN
  CREATE EVENT TRIGGER ledger_record_ddl ON ddl_command_end EXECUTE FUNCTION ledger.record_ddl();
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'no event trigger: the connecting role is not a superuser';
END $$;
