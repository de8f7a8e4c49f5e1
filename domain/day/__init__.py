"""日终, the close of business: an ordered list of small steps over chunks of loans, resumable and idempotent.

It calls the modules below it (servicing, collections) and owns no rule of theirs; it remembers how far a date has come.
Read `step` (the list, pure), `refusal`, then `operations`, `queries`.
"""
