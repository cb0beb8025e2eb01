import json
import subprocess
import sys

from tests.service.processes import BARE, ROOT

BROKEN = """
from service import logs
from service.settings import load
from service.worker import beat

async def broken(*_):
    raise ZeroDivisionError

logs.configure("INFO")
beat._beat = broken
beat.main(load({"VALKEY_HOST": "cache.example.com"}))
"""


def test_a_defect_is_logged_and_ends_the_process_with_one() -> None:
    command = [sys.executable, "-c", BROKEN]
    done = subprocess.run(command, env=BARE, cwd=ROOT, stdout=subprocess.PIPE, check=False)

    assert done.returncode == 1
    line = json.loads(done.stdout)
    assert (line["event"], line["level"]) == ("worker_defect", "error")
    assert "ZeroDivisionError" in done.stdout.decode()
