-- Purpose: the one door takes a batch in two ways. `ledger.post` answers each entry by itself; `ledger.post_whole` posts all or
-- nothing: when one is refused, those that were sound are answered LEDGER_TAKEN_BACK and nothing is written. What was in the
-- journal before stays REPLAYED. One statement, so a caller in the middle of other work loses none of it.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.post_whole(
  e_book int[], e_id bigint[], e_event uuid[], e_source text[], e_ik text[], e_hash bytea[], e_kind text[], e_rule int[],
  e_effective date[], e_economic date[], e_paid date[], e_reverses bigint[], e_red boolean[], e_actor text[], e_description text[],
  e_meta jsonb[], e_mac bytea[], e_n int[],
  l_ord int[], l_no int[], l_account int[], l_currency text[], l_side text[], l_amount bigint[],
  l_subject bigint[], l_party int[], l_scheme int[], l_funder int[], l_channel int[])
RETURNS TABLE (verdict text, entry_id bigint, event_id uuid, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE v text[]; ids bigint[]; events uuid[]; d text[]; taken_back boolean := false; made bigint[] := '{}';
BEGIN
  BEGIN
    SELECT array_agg(p.verdict ORDER BY p.o), array_agg(p.entry_id ORDER BY p.o), array_agg(p.event_id ORDER BY p.o), array_agg(p.detail ORDER BY p.o)
      INTO v, ids, events, d
      FROM ledger.post(e_book, e_id, e_event, e_source, e_ik, e_hash, e_kind, e_rule, e_effective, e_economic, e_paid, e_reverses, e_red, e_actor, e_description, e_meta, e_mac, e_n,
                       l_ord, l_no, l_account, l_currency, l_side, l_amount, l_subject, l_party, l_scheme, l_funder, l_channel)
           WITH ORDINALITY p(verdict, entry_id, event_id, detail, o);
    IF EXISTS (SELECT 1 FROM unnest(v) x WHERE x NOT IN ('POSTED', 'REPLAYED')) THEN
      RAISE EXCEPTION 'LEDGER_TAKEN_BACK' USING ERRCODE = 'LG422';  -- what was written since the block began is undone
    END IF;
  EXCEPTION WHEN SQLSTATE 'LG422' THEN
    taken_back := true;
    SELECT coalesce(array_agg(u.id), '{}') INTO made FROM unnest(v, ids) u(x, id) WHERE u.x = 'POSTED';
  END;
  RETURN QUERY
    SELECT CASE WHEN taken_back AND u.x IN ('POSTED', 'REPLAYED') AND u.id = ANY (made) THEN 'LEDGER_TAKEN_BACK' ELSE u.x END, u.id, u.event, u.detail
      FROM unnest(v, ids, events, d) WITH ORDINALITY u(x, id, event, detail, o) ORDER BY u.o;
END $$;

GRANT EXECUTE ON FUNCTION ledger.post_whole(int[], bigint[], uuid[], text[], text[], bytea[], text[], int[], date[], date[], date[], bigint[], boolean[], text[], text[], jsonb[], bytea[], int[],
  int[], int[], int[], text[], text[], bigint[], bigint[], int[], int[], int[], int[]) TO ledger_writer;
RESET ROLE;
