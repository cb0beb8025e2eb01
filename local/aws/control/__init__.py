"""The control of the stand-in: tests, benches and `make run` cause faults with it."""
