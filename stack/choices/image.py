"""The source of the one image."""

from typing import Annotated

from pydantic import Field

from stack.choices import Choices, Secret, Unset

REPOSITORY = r"^(registry\.digitalocean\.com|ghcr\.io|docker\.io)/[a-z0-9._-]+/[a-z0-9._/-]+"
VERSION = r"(:\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$"


class Image(Choices):
    """The image's settings, of which exactly one source is set."""

    image: Annotated[str | None, Unset] = Field(
        pattern=REPOSITORY + VERSION,
        description="use HOST/PATH@sha256:DIGEST or HOST/PATH:TAG on registry.digitalocean.com,"
        " ghcr.io or docker.io",
    )
    image_build: Annotated[str | None, Unset] = Field(
        pattern=REPOSITORY + "$",
        description="use HOST/PATH, no tag, on registry.digitalocean.com, ghcr.io or docker.io",
    )
    image_git: Annotated[str | None, Unset] = Field(
        pattern=r"^https://[\w.-]+/[\w./-]+$",
        description="use an https:// address of a public repository, without user or token",
    )
    image_credentials: Secret = Field(
        description="use USER:TOKEN, set with `pulumi config set --secret imageCredentials`"
    )
    image_branch: str = Field(pattern=r"^[\w./-]+$", description="use a branch's name")
