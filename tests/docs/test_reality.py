"""docs/reality.md lists what the tests prove."""

from tests import reality


def test_the_page_is_generated_from_the_tests() -> None:
    assert reality.PAGE.read_text() == reality.page(), "run `make reality`"


def test_each_test_with_a_fact_uses_it() -> None:
    """A row would prove nothing if its test did not read it."""
    for test in reality.proofs():
        assert "fact" in test.__code__.co_varnames[: test.__code__.co_argcount], test.__name__
