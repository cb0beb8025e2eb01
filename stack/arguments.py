"""Build the components' arguments from the settings; `stack/wiring.py` adds what resources give."""

import pulumi
import pulumi_digitalocean as digitalocean
from pydantic import SecretStr

from stack import image
from stack.databases import Databases
from stack.identity import IdentityArgs, SuppliedCertificate
from stack.parts import AppArgs
from stack.policies import StoredObject
from stack.secret import Secret
from stack.settings import Settings
from stack.spaces import SpacesArgs


def app(chosen: Settings, source: image.Source, databases: Databases) -> AppArgs:
    """Build the app's arguments; the caller replaces those that depend on other resources."""
    return AppArgs(
        name=chosen.name,
        region=chosen.region,
        vpc_id=None,
        source=source,
        databases=databases.clusters,
        environment=[],
        secrets=[],
        sends_secrets=chosen.sends_secrets,
        sends_recipients=True,
        protect=chosen.protect_data,
        api_size=chosen.api_size,
        api_instances=chosen.api_instances,
        worker_size=chosen.worker_size,
        worker_instances=chosen.worker_instances,
        migrate=chosen.migrate_at_deploy,
        alert_emails=chosen.alert_emails,
        log_destination=chosen.log_destination,
        log_token=_hidden(chosen.log_token),
        image_credentials=_hidden(chosen.image_credentials),
        domain=_domain(chosen),
    )


def identity(chosen: Settings, secret: Secret) -> IdentityArgs:
    """Build the arguments of the AWS identity, with what its role may use."""
    certificate = None
    if chosen.trust_anchor_arn and chosen.client_certificate and chosen.client_key:
        certificate = SuppliedCertificate(
            anchor_arn=chosen.trust_anchor_arn,
            certificate=chosen.client_certificate,
            key=chosen.client_key.get_secret_value(),
        )
    return IdentityArgs(
        name=chosen.name,
        generations=chosen.identity_generations,
        revoked_before=chosen.identity_revoked_before,
        secret_arn=secret.arn,
        key_arn=chosen.secret_kms_key_arn,
        objects=_objects(chosen),
        role_arn=chosen.role_arn,
        boundary_arn=chosen.permissions_boundary_arn,
        protect=chosen.protect_data,
        supplied=certificate,
    )


def spaces(chosen: Settings) -> SpacesArgs:
    """Build the arguments of the buckets at DigitalOcean."""
    return SpacesArgs(
        name=chosen.name,
        region=chosen.cluster_region,
        protect=chosen.protect_data,
        buckets=chosen.spaces,
    )


def _objects(chosen: Settings) -> list[StoredObject]:
    return [
        StoredObject(
            bucket=str(bucket.existing),
            key=bucket.key(chosen.heartbeat_name),
            region=bucket.region or chosen.aws_region,
            key_arn=bucket.kms_key_arn,
        )
        for bucket in chosen.s3
    ]


def _domain(chosen: Settings) -> digitalocean.AppSpecDomainNameArgs | None:
    if chosen.domain is None:
        return None
    return digitalocean.AppSpecDomainNameArgs(
        name=chosen.domain, type="PRIMARY", zone=chosen.domain_zone
    )


def _hidden(secret: SecretStr | None) -> pulumi.Output[str] | None:
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())
