"""What the real engine needs instead of clouds: a language host and stand-in providers."""
