"""How tests, benches and `make run` disturb the stand-in; AWS has nothing like it."""
