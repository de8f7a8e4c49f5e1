-- Purpose: what is folded from the journal can be made anew. `ledger.rebuild` compares the derived tables and the guards of a book
-- with its lines and log, answers what differs, and replaces it. Only the owner of the tables may: nobody has a grant, and the
-- walls that it opens for a moment leave their trace in ddl_log. Leaves, nodes, checkpoints and seals are evidence, not
-- derived: they are never made anew.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.rebuild(b int) RETURNS TABLE (what text, account_id int, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  stretch CONSTANT bigint := 5000;  -- entries of a fold made here, as many as the sequencer takes at once
  head bigint; torn boolean; t text;
BEGIN
  PERFORM 1 FROM ledger.tip x WHERE x.book_id = b FOR UPDATE;  -- the sequencer waits, and so do the posters, for guards move as they post
  LOCK TABLE ledger.guard IN EXCLUSIVE MODE;
  LOCK TABLE ledger.intake IN EXCLUSIVE MODE;
  SELECT coalesce(max(g.seq), 0) INTO head FROM ledger.log g WHERE g.book_id = b;
  SELECT coalesce(bool_or(f.from_seq <> f.before + 1), false) OR coalesce(max(f.upto_seq), 0) <> head INTO torn
    FROM (SELECT x.from_seq, x.upto_seq, lag(x.upto_seq, 1, 0::bigint) OVER (ORDER BY x.upto_seq) before FROM ledger.fold x WHERE x.book_id = b) f;
  RETURN QUERY
    SELECT 'fold', NULL::int, 'the stretches do not cover the log' WHERE torn
    UNION ALL
    SELECT 'tip', NULL::int, format('tip %s log %s', x.seq, head) FROM (SELECT (SELECT y.seq FROM ledger.tip y WHERE y.book_id = b) seq) x WHERE x.seq IS DISTINCT FROM head
    UNION ALL
    SELECT 'intake', NULL::int, format('entry %s', coalesce(e.entry_id, i.entry_id))
      FROM (SELECT x.entry_id, x.period_id, x.is_red FROM ledger.entry x WHERE x.book_id = b
               AND NOT EXISTS (SELECT 1 FROM ledger.log g WHERE g.book_id = b AND g.entry_id = x.entry_id)) e
      FULL JOIN (SELECT x.entry_id, x.period_id, x.is_red, count(*) OVER (PARTITION BY x.entry_id) times FROM ledger.intake x WHERE x.book_id = b) i USING (entry_id)
     WHERE (e.period_id, e.is_red, 1::bigint) IS DISTINCT FROM (i.period_id, i.is_red, i.times)
    UNION ALL
    SELECT d.what, d.account_id, d.detail FROM ledger.derived_difference(b) d;
  IF NOT FOUND THEN RETURN; END IF;
  FOREACH t IN ARRAY ARRAY['fold', 'account_day'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I DISABLE TRIGGER immutable', t);
  END LOOP;
  IF torn THEN
    DELETE FROM ledger.fold f WHERE f.book_id = b;
    INSERT INTO ledger.fold (book_id, upto_seq, from_seq) SELECT b, least(lo + stretch - 1, head), lo FROM generate_series(1, head, stretch) lo;
  END IF;
  DELETE FROM ledger.account_day d WHERE d.book_id = b;
  INSERT INTO ledger.account_day (book_id, account_id, effective_on, upto_seq, party_id, scheme_id, funder_id, channel_id, from_seq, debit, credit, red_debit, red_credit, n)
    SELECT b, x.account_id, x.effective_on, f.upto_seq, x.party_id, x.scheme_id, x.funder_id, x.channel_id, f.from_seq, x.debit, x.credit, x.red_debit, x.red_credit, x.n
      FROM ledger.fold f CROSS JOIN LATERAL ledger.totals(b, f.from_seq, f.upto_seq) x WHERE f.book_id = b;
  FOREACH t IN ARRAY ARRAY['fold', 'account_day'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER immutable', t);
  END LOOP;
  DELETE FROM ledger.account_tip x WHERE x.book_id = b;
  INSERT INTO ledger.account_tip (book_id, period_id, account_id, party_id, scheme_id, funder_id, channel_id, debit, credit, red_debit, red_credit, n)
    SELECT b, ledger.month_of(y.effective_on), y.account_id, y.party_id, y.scheme_id, y.funder_id, y.channel_id, sum(y.debit), sum(y.credit), sum(y.red_debit), sum(y.red_credit), sum(y.n)
      FROM ledger.account_day y WHERE y.book_id = b GROUP BY 2, 3, 4, 5, 6, 7;
  DELETE FROM ledger.guard g WHERE g.book_id = b;
  INSERT INTO ledger.guard (book_id, account_id, subject_id, balance)
    SELECT b, l.account_id, coalesce(l.subject_id, 0), sum(CASE WHEN l.side = a.normal_side THEN l.amount ELSE -l.amount END)
      FROM ledger.line l JOIN ledger.account a ON a.book_id = l.book_id AND a.account_id = l.account_id AND a.policy = 'subject_nonneg'
     WHERE l.book_id = b GROUP BY 2, 3;
  DELETE FROM ledger.intake i WHERE i.book_id = b;
  INSERT INTO ledger.intake (book_id, entry_id, period_id, is_red)
    SELECT b, e.entry_id, e.period_id, e.is_red FROM ledger.entry e WHERE e.book_id = b
       AND NOT EXISTS (SELECT 1 FROM ledger.log g WHERE g.book_id = b AND g.entry_id = e.entry_id) ORDER BY e.entry_id;
  INSERT INTO ledger.tip (book_id, seq) VALUES (b, head) ON CONFLICT ON CONSTRAINT tip_pkey DO UPDATE SET seq = excluded.seq;
END $$;

RESET ROLE;
