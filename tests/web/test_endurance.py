import json

from playwright.sync_api import CDPSession, Page, expect

from tests.web import documents, past

HOUR_MS = 3_600_000
GROWTH = 1.1  # the collector's own noise

# A clock of the test's own, since eight hours are long; answers from memory, which come at
# once; and no socket, so that the page polls.
INSTEAD_OF_THE_WORLD = """
let nowMs = 0;
let last = 0;
const timers = new Map();
performance.now = () => nowMs;
window.setTimeout = (act, ms = 0) => timers.set(++last, { act, at: nowMs + ms }) && last;
window.setInterval = (act, every) => timers.set(++last, { act, at: nowMs + every, every }) && last;
window.clearTimeout = (id) => timers.delete(id);
window.pass = async (ms) => {
  const end = nowMs + ms;
  while (true) {
    const [id, due] = [...timers].reduce((a, b) => (b[1].at < a[1].at ? b : a));
    if (due.at > end) break;
    nowMs = due.at;
    if (due.every) due.at += Math.max(due.every, 5_000);  // fast forward
    else timers.delete(id);
    due.act();
    for (let turn = 0; turn < 20; turn += 1) await null;  // what follows from an answer
  }
  nowMs = end;
};

const answers = ANSWERS;
window.requests = 0;
window.fetch = async (url) => {
  window.requests += 1;
  const text = answers[new URL(url).pathname];
  return { status: 200, text: async () => text };
};
window.WebSocket = class { constructor() { setTimeout(() => this.onclose({ code: 1006 })); } };
"""


def test_eight_hours_of_refreshes_leak_nothing(page: Page, address: str) -> None:
    answers = {
        "/worker/status": documents.status().model_dump_json(),
        "/livez": json.dumps({"status": "ok", "version": "0.1.0", "commit": "unknown"}),
        "/history": past.ranged_history().model_dump_json(),
        "/incidents": past.incidents(past.ago(0, days=1)).model_dump_json(),
    }
    page.add_init_script(INSTEAD_OF_THE_WORLD.replace("ANSWERS", json.dumps(answers)))
    page.goto(address)
    expect(page.locator(".strip")).to_have_count(3)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    page.evaluate("ms => window.pass(ms)", HOUR_MS)
    after_one = metrics(session)
    page.evaluate("ms => window.pass(ms)", 7 * HOUR_MS)
    after_eight = metrics(session)

    assert page.evaluate("window.requests") > 8 * 120
    assert after_eight["Nodes"] <= after_one["Nodes"]
    assert after_eight["JSEventListeners"] <= after_one["JSEventListeners"]
    assert after_eight["JSHeapUsedSize"] < after_one["JSHeapUsedSize"] * GROWTH


def metrics(session: CDPSession) -> dict[str, float]:
    for _ in range(3):  # what one collection frees may free more
        session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}
