"""What the real engine needs instead of clouds: a language host and stand-in providers."""

NO_CLI = "there is no Pulumi CLI. `make pulumi` builds one with Go, once; then they run."
