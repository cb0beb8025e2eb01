"""All SQL that the service sends to PostgreSQL: expressions, and their compiled texts.

`expressions/` builds each statement with SQLAlchemy from the models of `schema/tables.py`, so a
renamed column fails at once. `python -m service.sql` (`make sql`) compiles them to the modules
beside this one, which are committed: a running worker or API imports those, and no SQLAlchemy.
"""
