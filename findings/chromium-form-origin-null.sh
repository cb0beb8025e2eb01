#!/usr/bin/env bash
# With "Referrer-Policy: no-referrer", Chromium sends "Origin: null" for a form on the page.
#
# Versions: the chromium that is installed (Debian 12's when this was seen). Seen: 2026-11-28.
# Most would expect: a form that posts to its own origin names that origin, whatever the page hides
#   from other sites.
# What is: the policy that hides the referrer hides the origin too, even from the page's own server (Fetch
#   standard, "append a request Origin header"; a request in mode "cors" keeps the origin). A server that
#   compares Origin with its own address refuses its own login form.
source "$(dirname "$0")/ground.sh"
command -v chromium >/dev/null || { echo "needs chromium: apt-get install chromium" >&2; exit 2; }
python3 -m venv "$ground/venv"
export PORT
PORT=$(free_port)
cat >"$ground/server.py" <<'PY'
import http.server
import os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        policy = self.path.strip("/")
        page = b"<form method=post action=/log></form><script>document.forms[0].action += location.pathname; document.forms[0].submit()</script>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", policy)
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self):
        print(self.path.rsplit("/", 1)[1], self.headers["Origin"], flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
PY
"$ground/venv/bin/python" "$ground/server.py" >"$ground/seen" &
pids+=($!)
await "$PORT"
for policy in no-referrer same-origin; do
  timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
    --disable-component-update --disable-sync --no-first-run --user-data-dir="$ground/$policy" \
    --virtual-time-budget=5000 --dump-dom "http://127.0.0.1:$PORT/$policy" >/dev/null 2>&1 || true
done
cat "$ground/seen"
grep -qx "no-referrer null" "$ground/seen"
grep -qx "same-origin http://127.0.0.1:$PORT" "$ground/seen"
