"""Reconciliation at T+1: the bank's file of a day against our payment orders, and every difference until it is closed.

It never changes a payment by itself: what the file decides about an unknown order goes through `payment.operations`,
and what follows for a loan is the caller's effect. The only entry posted here settles the day's collections: channel
cash in transit becomes money at the bank, one batch entry per file.

Read in this order: `statement_file` (bytes to rows by a declarative profile), `matching`, `discrepancy`, `report`,
then `operations` and `queries`.
"""
