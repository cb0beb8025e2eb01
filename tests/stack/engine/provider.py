"""Stand-in providers for digitalocean, aws and tls on one port, to which the engine attaches."""

import json
import sys
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.stack.clouds import unwrapped
from tests.stack.engine import schemas
from tests.stack.engine.aws import Account
from tests.stack.engine.cloud import Cloud, changed, replaced

# Kinds to which Pulumi's bridge gives a name with a hexadecimal suffix if the program sets none.
AUTONAMED = {"Role", "RolePolicy", "TrustAnchor", "Profile", "Secret", "SpacesBucket"}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Execute the engine's calls on one `Cloud`."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return plugin_pb2.PluginInfo(version="99.0.0")

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return empty_pb2.Empty()

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return provider_pb2.GetSchemaResponse(schema='{"name": "standin", "version": "99.0.0"}')

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=False
        )

    def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        type_, name = _resource(request.urn)
        inputs, olds = _plain(request.news), _plain(request.olds)
        if type_.rsplit(":", 1)[1] in AUTONAMED and "name" not in inputs:
            inputs["name"] = olds.get("name") or f"{name}-{request.randomSeed.hex()[:7]}"
        return provider_pb2.CheckResponse(
            inputs=_struct(inputs),
            failures=[
                provider_pb2.CheckFailure(property=path, reason=reason)
                for path, reason in schemas.failures(type_, unwrapped(inputs, "", set()))
            ],
        )

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - gRPC's
        type_, _ = _resource(request.urn)
        olds, news = _plain(request.olds), _plain(request.news)
        paths = changed(olds, news, "", list(request.ignoreChanges))
        anew = replaced(type_, paths)
        kinds = provider_pb2.PropertyDiff
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if paths else none,
            diffs=sorted({p.split(".")[0].split("[")[0] for p in paths}),
            replaces=anew,
            hasDetailedDiff=True,
            detailedDiff={
                p: kinds(kind=kinds.UPDATE_REPLACE if p in anew else kinds.UPDATE) for p in paths
            },
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's
        type_, name = _resource(request.urn)
        inputs = _plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=_struct(inputs))
        try:
            id_, outputs = self.cloud.create(type_, name, inputs)
        except Exception as error:  # noqa: BLE001 - the engine reports every error
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return provider_pb2.CreateResponse(id=id_, properties=_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's
        """Read a resource; changed properties also replace the inputs, as in Pulumi's bridge."""
        try:
            found = self.cloud.read(request.id, _resource(request.urn)[0])
        except Exception as error:  # noqa: BLE001 - the engine reports every error
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        if found is None:
            return provider_pb2.ReadResponse()
        outputs, inputs = _plain(request.properties), _plain(request.inputs)
        changes = {name: value for name, value in found.items() if name in inputs}
        return provider_pb2.ReadResponse(
            id=request.id,
            properties=_struct({**outputs, **found}),
            inputs=_struct({**inputs, **changes}),
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's
        type_, name = _resource(request.urn)
        olds, news = _plain(request.olds), _plain(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_struct({**olds, **news}))
        try:
            outputs = self.cloud.update(request.id, type_, name, olds, news)
        except Exception as error:  # noqa: BLE001 - as above
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return provider_pb2.UpdateResponse(properties=_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's
        try:
            self.cloud.delete(request.id, *_resource(request.urn))
        except Exception as error:  # noqa: BLE001 - as above
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        return empty_pb2.Empty()


def _resource(urn: str) -> tuple[str, str]:
    *_, types, name = urn.split("::")
    return types.split("$")[-1], name


def _plain(struct: Any) -> dict[str, Any]:
    return dict(json_format.MessageToDict(struct))


def _struct(values: dict[str, Any]) -> Any:
    return json_format.ParseDict(values, struct_pb2.Struct())


def main() -> None:
    """Serve one folder's clouds; print the port as the first line.

    Arguments: the folder, and optionally a file with the operator's environment of a stand-in AWS.
    """
    account = Account(json.loads(Path(sys.argv[2]).read_text())) if sys.argv[2:] else None
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))  # serializes all changes
    provider = Provider(Cloud(Path(sys.argv[1]), account))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
