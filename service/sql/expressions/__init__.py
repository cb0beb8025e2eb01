"""Every statement as an expression of SQLAlchemy on the models; not imported by worker or API."""
