"""Every statement, built by SQLAlchemy from the models; a running worker imports none of these."""
