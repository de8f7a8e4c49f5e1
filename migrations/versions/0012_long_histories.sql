-- Purpose: what is long costs no more than it must. (1) A question about a loan with a long history costs no more than one about a
-- young loan: a milestone is the state of a life after its first facts, and a position goes on from the newest one that fits.
-- Derived, never the source: a row is used only by the very engine that made it (its fingerprint), it may be deleted at any
-- time, and it is made anew from the facts. (2) A long batch goes through `ledger.post` in fewer passes: the first fault of an
-- entry is one number, and a guard that only rises or only falls is not walked entry by entry. What it checks and answers is as
-- before.

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

SET LOCAL ROLE ledger_owner;

CREATE OR REPLACE FUNCTION ledger.post(
  e_book int[], e_id bigint[], e_event uuid[], e_source text[], e_ik text[], e_hash bytea[], e_kind text[], e_rule int[],
  e_effective date[], e_economic date[], e_paid date[], e_reverses bigint[], e_red boolean[], e_actor text[], e_description text[],
  e_meta jsonb[], e_mac bytea[], e_n int[],
  l_ord int[], l_no int[], l_account int[], l_currency text[], l_side text[], l_amount bigint[],
  l_subject bigint[], l_party int[], l_scheme int[], l_funder int[], l_channel int[])
RETURNS TABLE (verdict text, entry_id bigint, event_id uuid, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
  n int := cardinality(e_book);
  v int[]; d text[]; ids bigint[]; events uuid[];
  words CONSTANT text[] := ARRAY['REPLAYED', 'DUPLICATE', 'LEDGER_IDEMPOTENCY_CONFLICT', 'LEDGER_BOOK_FORBIDDEN', 'LEDGER_PERIOD_UNKNOWN', 'LEDGER_PERIOD_CLOSED',
    'LEDGER_INCOMPLETE', 'LEDGER_ACCOUNT_UNKNOWN', 'LEDGER_ACCOUNT_NOT_LEAF', 'LEDGER_CURRENCY_MISMATCH', 'LEDGER_AMOUNT_INVALID', 'LEDGER_UNBALANCED', 'LEDGER_ACCOUNT_CLOSED',
    'LEDGER_DIMENSION_MISSING', 'LEDGER_REVERSED_UNKNOWN', 'LEDGER_REVERSAL_OF_REVERSAL', 'LEDGER_ALREADY_REVERSED', 'LEDGER_NOT_AN_INVERSION', 'LEDGER_GUARD_VIOLATED'];
  periods int[]; dup int[];
  accepted int; claimed int; i int; tries int := 0; seen bigint[]; winds boolean; orig record; r record; touched int[];
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
        LEFT JOIN LATERAL (SELECT x.entry_id, x.body_hash FROM ledger.entry_key x WHERE x.book_id = q.b AND x.source = q.s AND x.ik = q.ik OFFSET 0) k ON true;
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
               ELSE coalesce(c.fault, 0) END ORDER BY h.o)
        INTO v
        FROM unnest(e_book, periods, e_n) WITH ORDINALITY h(b, p, n, o)
        LEFT JOIN ledger.period p ON p.book_id = h.b AND p.period_id = h.p
        LEFT JOIN (
          SELECT z.ord, sum(z.k)::bigint k, min(z.lo) lo, max(z.hi) hi, sum(z.nos)::bigint nos, min(CASE WHEN z.net <> 0 THEN least(z.fault, 12) ELSE z.fault END) fault
            FROM (SELECT l.ord, l.cur, count(*) k, min(l.no) lo, max(l.no) hi, sum(l.no) nos, sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END) net,
                         min(CASE WHEN a.account_id IS NULL THEN 8
                                  WHEN NOT a.postable THEN 9
                                  WHEN a.currency <> l.cur THEN 10
                                  WHEN l.amount > 0 AND l.side IN ('D', 'C') THEN
                                    CASE WHEN e_effective[l.ord] < a.opened_on OR e_effective[l.ord] > a.closed_on THEN 13
                                         WHEN a.required_dims <> 0 AND (a.required_dims & ((l.subject IS NOT NULL)::int + 2 * (l.party IS NOT NULL)::int + 4 * (l.scheme IS NOT NULL)::int
                                           + 8 * (l.funder IS NOT NULL)::int + 16 * (l.channel IS NOT NULL)::int)) <> a.required_dims THEN 14 END
                                  ELSE 11 END) fault
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
        -- a guard that only rises, or only falls, is lowest at one of its ends; only where both happen is the way walked entry by entry
        SELECT array_agg(q.b), array_agg(q.account), array_agg(q.subject), array_agg(q.delta), array_agg(CASE WHEN q.least > 0 THEN q.least ELSE q.delta END), bool_or(q.least < 0 AND q.most > 0)
          INTO g_book, g_account, g_subject, g_delta, g_low, winds FROM (
          SELECT s.b, s.account, s.subject, sum(s.signed)::bigint delta, min(s.signed) least, max(s.signed) most FROM (
            SELECT e_book[l.ord] b, l.account, coalesce(l.subject, 0) subject, CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END signed
              FROM unnest(l_ord, l_account, l_side, l_amount, l_subject) l(ord, account, side, amount, subject)
              JOIN ledger.account a ON a.book_id = e_book[l.ord] AND a.account_id = l.account AND a.policy = 'subject_nonneg'
             WHERE l.account = ANY (touched) AND v[l.ord] = 0) s
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) q;
        IF winds THEN
          SELECT array_agg(q.b), array_agg(q.account), array_agg(q.subject), array_agg(q.delta), array_agg(q.low) INTO g_book, g_account, g_subject, g_delta, g_low FROM (
            SELECT r.b, r.account, r.subject, sum(r.delta)::bigint delta, min(r.running)::bigint low FROM (
              SELECT m.*, sum(m.delta) OVER (PARTITION BY m.b, m.account, m.subject ORDER BY m.ord) running FROM (
                SELECT e_book[l.ord] b, l.account, coalesce(l.subject, 0) subject, l.ord, sum(CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END) delta
                  FROM unnest(l_ord, l_account, l_side, l_amount, l_subject) l(ord, account, side, amount, subject)
                  JOIN ledger.account a ON a.book_id = e_book[l.ord] AND a.account_id = l.account AND a.policy = 'subject_nonneg'
                 WHERE l.account = ANY (touched) AND v[l.ord] = 0 GROUP BY 1, 2, 3, 4) m) r
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) q;
        END IF;
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

RESET ROLE;
