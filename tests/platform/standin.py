"""Run stand-in AWSs whose CA bundle contains no other CAs.

The system's CAs beside the stand-in's cost every client 0.05 s of CPU time, and every reading of
the settings as much again.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.aws.process import RunningAws, running


@contextmanager
def standin(folder: Path) -> Iterator[RunningAws]:
    """Run a stand-in on a folder inside the `with`."""
    nobody = folder.parent / f"{folder.name}.no-ca.pem"
    nobody.touch()
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_CA_BUNDLE", str(nobody))  # read when it starts
            process = stack.enter_context(running(folder))
        yield process
