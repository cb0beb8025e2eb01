"""Run a Pulumi program for the language host; importing this module imports the large SDKs."""

import asyncio
import os
import runpy
import sys
import traceback
import warnings
from typing import Any

import pulumi
import pulumi_aws  # noqa: F401 - seconds of imports, to be there before the fork
import pulumi_docker_build  # noqa: F401
import pulumi_tls  # noqa: F401

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from the SDK's deprecated names
    import pulumi_digitalocean  # noqa: F401

REPORTED = 1  # the exit status of a program that failed and has reported why to the engine


def run(
    settings: dict[str, Any], config: dict[str, str], secrets: list[str], pwd: str, program: str
) -> None:
    """Run the program and end the process: with `REPORTED` if it failed."""
    os.chdir(pwd)
    sys.path.insert(0, settings["root_directory"])  # the project is not installed here
    pulumi.runtime.set_all_config(config, secrets)
    pulumi.runtime.configure(pulumi.runtime.Settings(**settings))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _main(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        sys.exit(REPORTED)
    except Exception:  # noqa: BLE001 - the engine reports every error
        pulumi.log.error(traceback.format_exc())
        sys.exit(REPORTED)


def _main(program: str) -> None:
    runpy.run_path(program, run_name="__main__")
