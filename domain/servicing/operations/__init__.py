"""Writes of servicing by subject: one function per use case, each *read, decide, post, record*; nobody here commits.

A refusal has written nothing. The loan's row is locked first, so that two commands on one loan queue; the facts are
read after the lock. The hot ones take many commands: all is read in a few statements, each command decided purely, all
entries go in one call of the journal and all rows in one statement per table.
"""
