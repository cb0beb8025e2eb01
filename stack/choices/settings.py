"""All choices of one stack together."""

from stack.choices.buckets import Buckets
from stack.choices.clusters import Clusters
from stack.choices.components import Components
from stack.choices.identity import IdentityChoices
from stack.choices.image import Image
from stack.choices.place import Place


class Settings(Components, IdentityChoices, Image, Buckets, Clusters, Place):
    """One stack's configuration."""
