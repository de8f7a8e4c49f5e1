"""The database's schema as a line of revisions, forward only, each executing the readable .sql file beside it.

Revisions change structure; data belong to seed. Read the .sql files of versions/ in the order of their numbers.
"""
