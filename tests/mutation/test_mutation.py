import tomllib

from tests.mutation.__main__ import ROOT, change, out_of_date, survivors, total

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]

RESULTS = """    schema.freshness.x_judge__mutmut_13: survived
    service.worker.loop.xǁWorkerǁrun__mutmut_42: timeout
    service.worker.loop.xǁWorkerǁrun__mutmut_43: no tests
"""
DIFF = """# schema.freshness.x_judge__mutmut_13: survived
--- schema/freshness.py
+++ schema/freshness.py
@@ -1,3 +1,3 @@
     age = age_s(stamp, now)
-    if age < interval_s * AGING_AFTER_INTERVALS:
+    if age < interval_s / AGING_AFTER_INTERVALS:
         return Freshness.FRESH
"""


def test_the_mutated_files_and_their_tests_exist() -> None:
    paths = [*SETTINGS["only_mutate"], *SETTINGS["pytest_add_cli_args_test_selection"]]

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_an_untested_mutation_survives_and_one_that_hangs_does_not() -> None:
    assert survivors(RESULTS) == [
        "schema.freshness.x_judge__mutmut_13",
        "service.worker.loop.xǁWorkerǁrun__mutmut_43",
    ]


def test_the_number_of_mutations_is_in_the_last_line_of_progress() -> None:
    assert total("⠙ 1/876  🎉 1\n⠦ 873/876  🎉 863\n⠧ 876/876  🎉 866 🫥 0\n1.87 a second") == 876


def test_a_mutation_is_identified_by_its_lines() -> None:
    old, new = change(DIFF)

    assert old == "if age < interval_s * AGING_AFTER_INTERVALS:"
    assert new == "if age < interval_s / AGING_AFTER_INTERVALS:"


def test_a_reason_without_its_mutation_is_out_of_date() -> None:
    reasons = {("a = 1", "a = 2"): "the same", ("b = 1", "b = 2"): "the same"}

    assert out_of_date({("a = 1", "a = 2")}, reasons) == ["b = 1"]
