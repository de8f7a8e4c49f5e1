"""Double-entry bookkeeping that has never heard of the business above it.

Money moves only as balanced entries in one append-only journal; every balance and statement is computed from it.
It never imports another package of ours, never changes a written line, and never rounds outside `money`.
Read in this order: money, account, entry, rule, period; then tables, journal, balances, statements.
"""
