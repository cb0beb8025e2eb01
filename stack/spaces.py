"""Create the buckets of Spaces that do not exist, and a key for each bucket."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

import pulumi
import pulumi_digitalocean as digitalocean

from stack.choices.buckets import Bucket
from stack.settings import Settings

PERMISSION = "readwrite"  # the others are read, and fullaccess, which allows every bucket


class Spaces(pulumi.ComponentResource):
    """All buckets at DigitalOcean; each key has access to one of them.

    The provider creates buckets by S3's protocol, with SPACES_ACCESS_KEY_ID and
    SPACES_SECRET_ACCESS_KEY from the environment of `pulumi up`; for keys the token suffices.
    """

    urls: Mapping[str, pulumi.Output[str]]
    """The secret URL with its key, by the source's name."""
    urns: Sequence[pulumi.Output[str]]
    """The new buckets' URNs, by which a project refers to them."""

    def __init__(
        self, name: str, chosen: Settings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Spaces", name, None, opts)
        self._chosen = chosen
        made = {each.name: self._new(each) for each in chosen.spaces if each.existing is None}
        self.urls = {
            each.name: self._url(each, made[each.name].name if each.name in made else each.existing)
            for each in chosen.spaces
        }
        self.urns = [bucket.bucket_urn for bucket in made.values()]
        self.register_outputs({})

    def _new(self, wanted: Bucket) -> digitalocean.SpacesBucket:
        # Pulumi appends a random suffix to the name, because all customers share one namespace.
        return digitalocean.SpacesBucket(
            f"{self._chosen.name}-{wanted.name}",
            digitalocean.SpacesBucketArgs(
                region=wanted.region or self._chosen.cluster_region,
                acl="private",
                force_destroy=not self._chosen.protect_data,  # else its objects go with it
            ),
            pulumi.ResourceOptions(parent=self, protect=self._chosen.protect_data),
        )

    def _url(self, wanted: Bucket, bucket: pulumi.Input[str] | None) -> pulumi.Output[str]:
        name = f"{self._chosen.name}-{wanted.name}"
        key = digitalocean.SpacesKey(
            f"{name}-key",
            digitalocean.SpacesKeyArgs(
                name=name,
                grants=[
                    digitalocean.SpacesKeyGrantArgs(bucket=bucket or "", permission=PERMISSION)
                ],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        host = f"{wanted.region or self._chosen.cluster_region}.digitaloceanspaces.com"
        # Of secret keys only their length is documented: any character is encoded.
        secret = key.secret_key.apply(lambda text: quote(text, safe=""))
        return pulumi.Output.concat(
            *("s3://", key.access_key, ":", secret, "@", bucket or ""),
            f"/{wanted.prefix}?endpoint=https://{host}",
        )
