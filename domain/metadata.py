"""The one SQLAlchemy `MetaData` on which every `tables.py` of the domain declares its tables.

It is shared so that the drift test can compare all declared tables with the migrated database in one walk.
"""

from sqlalchemy import MetaData

metadata = MetaData()
"""Tables of all domain modules; each names its own PostgreSQL schema."""
