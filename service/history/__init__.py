"""History: the result of every beat, stored in PostgreSQL by the worker, returned by the API."""
