"""The AWS identity: an X.509 certificate becomes credentials, and every call goes one lane."""
