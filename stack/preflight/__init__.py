"""What can be known before an `up`: one module for each party that must play along."""
