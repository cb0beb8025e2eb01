"""Mutations that change nothing, each with its reason; `decisions/043-what-tests-notice.md`."""

EQUIVALENT = {
    (
        "if age < interval_s * AGING_AFTER_INTERVALS:",
        "if age < interval_s / AGING_AFTER_INTERVALS:",
    ): "the factor is 1",
    (
        "newest = max(situation.stamps, default=None)",
        "newest = max(situation.stamps, )",
    ): "where nothing is wrong every source holds a stamp",
    (
        'warning, detail, attempts, started = None, "", 0, time.perf_counter()',
        'warning, detail, attempts, started = None, "", 1, time.perf_counter()',
    ): "no deadline can come before the first attempt has begun",
    (
        "timeout=retry_for_s or None,",
        "timeout=None,",
    ): "the scope ends the retries at the same moment",
    (
        "timeout=retry_for_s or None,",
        "",
    ): "the library's own 45 s are more than any deadline, and the scope ends the retries first",
    (
        "wait_max=RETRY_MAX_S,",
        "",
    ): "the library's own maximum is 5 s too",
}
