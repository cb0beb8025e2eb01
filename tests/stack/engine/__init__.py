"""A language host and stand-in providers, so that the real engine runs without any cloud."""

NO_CLI = "there is no Pulumi CLI. `make pulumi` builds one with Go, once; then they run."
