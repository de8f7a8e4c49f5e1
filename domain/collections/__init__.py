"""Collections (贷后管理): cases of overdue loans, who works them, and every contact with the people behind them.

It learns from servicing what is overdue and never changes a loan. A case opens when a loan is past due, closes when it
is cured, and exists at most once per loan at a time; contact passes a compliance gate at the moment of dialling.

Read in this order: `delinquency` (days past due, buckets), `case`, `assignment`, `contact`, `statistics`, then
`operations` and `queries`.
"""
