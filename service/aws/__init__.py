"""The AWS identity: credentials from an X.509 certificate, and one lane for all calls."""
