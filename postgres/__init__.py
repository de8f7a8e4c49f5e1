"""The foundation: find or start a PostgreSQL server, bring its schema up to date, and hand out transactions.

It knows no table and no rule, and imports nothing else of ours. Read in this order: embedded, database, migrate.
"""
