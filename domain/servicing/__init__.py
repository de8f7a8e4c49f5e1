"""财务核算, servicing: a loan's terms, schedule, interest, charges, allocation, position, and what moves its money.

A loan here is *terms + schedule + facts*; its state is a computed `position`, never a stored total. Money moves only
as entries of the ledger's journal, made by the posting rules of the loan's product version. Servicing never talks to
a bank and never tells upwards: what callers must know is returned.

Read in this order: `terms`, `daycount`, `duedate`, `rate`, `instalment`, `method`, `walk`, `schedule` (the door to the
five before it), `explain`, `interest`, `charge`, `allocation`; then a living loan: `contract`, `fact`, `life` (over
`fold` and `replan`), `movement`, `milestone`, `admission`, `standing`, `scenario`; then `position`, `repayment` and
`event` (all pure), and `tables`, `operations`, `queries`. Quotes stand beside: `convention`, `quotation`, `function`;
fast figures in `plain` and `bulk`.
"""
