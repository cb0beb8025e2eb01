"""IAM Roles Anywhere: its set-up, and CreateSession."""
