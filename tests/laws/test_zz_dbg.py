import sys, traceback, warnings
warnings.simplefilter("ignore")
import pytest
from hypothesis import given, settings, HealthCheck, Phase, seed
from tests.laws.test_living_books import *
from tests.laws import test_living_books as T
def test_dbg(conn, world):
    n=[0]; bad=[]
    @settings(max_examples=int(os.environ.get("N","40")), deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(lives(events=8))
    def go(life):
        if len(bad)>=3: return
        n[0]+=1
        sp=conn.begin_nested()
        try:
            loan_id = lent(conn, world, life.contract)
            lived(conn, loan_id, life)
            on = max(fact.booked_on for fact in life.facts)
            h,s=held(conn, loan_id),said(conn, loan_id, on)
            assert h==s, {k:(h[k],s[k]) for k in h if h[k]!=s[k]}
            assert unbalanced(conn)==[]
            close_days(conn, on, on+timedelta(days=3), )
            dawn=on+timedelta(days=4)
            h,s=held(conn, loan_id),said(conn, loan_id, dawn)
            k=("1303.02",); assert h[k]==s[k], (k,h[k],s[k])
        except BaseException as e:
            bad.append(1)
            print("=====", type(e).__name__, str(e)[:600])
            tb=traceback.extract_tb(e.__traceback__)
            print([f"{f.filename.split('/')[-1]}:{f.lineno}" for f in tb[-5:]])
            print(life.contract.life)
            for f in life.facts: print("   ",f)
        sp.rollback()
    go()
    print("ran",n[0],"bad",len(bad))
