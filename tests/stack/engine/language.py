"""A language host for Python, which runs the program for Pulumi's engine.

Pulumi's own host comes only with its installer. This one implements the minimum of the engine's
protocol: it installs no plugins and manages no dependencies. One host serves every run of the CLI,
and forks each program from a process that has already imported the large SDKs.
"""

import contextlib
import multiprocessing
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from tests.stack.engine import program

ENGINE = (
    "tools/engine"  # in the project's folder: the engine's address, which it passes at our start
)


class Language(language_pb2_grpc.LanguageRuntimeServicer):
    """Run each program in a separate process."""

    def __init__(self) -> None:
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload([program.__name__])

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return language_pb2.GetRequiredPackagesResponse()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return empty_pb2.Empty()

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's
        settings = {
            "monitor": request.monitor_address,
            "engine": (Path(request.info.root_directory) / ENGINE).read_text().strip(),
            "project": request.project,
            "stack": request.stack,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": request.info.root_directory,
        }
        config = (dict(request.config), list(request.configSecretKeys))
        folders = (request.pwd, request.info.program_directory)
        process = self._processes.Process(target=program.run, args=(settings, *config, *folders))
        process.start()
        context.add_callback(process.kill)  # when the engine gives up, the program does not notice
        process.join()
        if process.exitcode == program.REPORTED:
            return language_pb2.RunResponse(bail=True)
        failed = f"the program ended with {process.exitcode}" if process.exitcode else ""
        return language_pb2.RunResponse(error=failed)


def main() -> None:
    """Serve requests; print the port as the first line."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Language(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()


if __name__ == "__main__":
    main()
