"""Which of several processes does what one alone shall do: a lease, in PostgreSQL or Valkey."""
