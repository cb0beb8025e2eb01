"""The API of Roles Anywhere, except CreateSession.

Routes, names and limits come from AWS's own service model. Not supported: CAs of AWS Private
CA, aliases, and the notifications themselves (their settings are kept).
"""

import re
from collections.abc import Callable
from typing import Any

from local.aws.clock import Clock
from local.aws.rolesanywhere.registry import Crl, Profile, Registry, TrustAnchor, new_arn, not_found
from local.aws.wire import constraints
from local.aws.wire.routes import Call, Document, Routes

_DEFAULT_NOTICES = ("CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY")
_GROUPS = {"TrustAnchor": "anchors", "Profile": "profiles", "Crl": "crls", "Subject": "subjects"}


class RolesAnywhere:
    """Operations on a registry."""

    def __init__(self, region: str, account: str, registry: Registry, clock: Clock) -> None:
        self._region = region
        self._account = account
        self._registry = registry
        self._clock = clock
        self._model = constraints.service_model("rolesanywhere")
        self.routes = Routes(self._model)

    def run(self, call: Call) -> Document:
        """Execute an operation.

        Raises:
            AwsError: The parameters are wrong, or name what does not exist.
        """
        constraints.check(self._model, call.operation, call.parameters)
        method: Callable[[Document], Document] | None = getattr(
            self, f"_{_snake(call.operation)}", None
        )
        if method is not None:
            return method(call.parameters)
        verb, kind = re.fullmatch(r"([A-Z][a-z]+)(\w+)", call.operation).groups()  # type: ignore[union-attr]
        return self._generic(verb, kind.removesuffix("s"), call.parameters)

    def _generic(self, verb: str, kind: str, parameters: Document) -> Document:
        group: dict[str, Any] = getattr(self._registry, _GROUPS[kind])
        label = kind[0].lower() + kind[1:]
        if verb == "List":
            return {f"{label}s": [each.detail() for each in group.values()]}
        resource = group.get(self._arn(label, parameters[f"{label}Id"]))
        if resource is None:
            raise not_found(parameters[f"{label}Id"])
        if verb == "Delete":
            del group[resource.arn]
        elif verb in ("Enable", "Disable"):
            resource.enabled = verb == "Enable"
            resource.updated_at = self._clock.now()
        elif verb == "Update":
            return {label: self._update(group, resource, parameters)}
        return {label: resource.detail()}

    def _update(self, group: dict[str, Any], resource: Any, parameters: Document) -> Document:
        changed = resource.model_validate({**resource.model_dump(by_alias=True), **parameters})
        changed.check()
        changed.updated_at = self._clock.now()
        group[resource.arn] = changed
        detail: Document = changed.detail()
        return detail

    def _create_trust_anchor(self, parameters: Document) -> Document:
        settings = _with_defaults(parameters.get("notificationSettings", []))
        anchor = TrustAnchor.model_validate(
            {**self._new("trust-anchor"), **parameters, "notificationSettings": settings}
        )
        anchor.check()
        self._registry.anchors[anchor.arn] = anchor
        return {"trustAnchor": anchor.detail()}

    def _create_profile(self, parameters: Document) -> Document:
        profile = Profile.model_validate({**self._new("profile"), **parameters})
        self._registry.profiles[profile.arn] = profile
        return {"profile": profile.detail()}

    def _import_crl(self, parameters: Document) -> Document:
        crl = Crl.model_validate({**self._new("crl"), **parameters})
        if crl.trust_anchor_arn not in self._registry.anchors:
            raise not_found(crl.trust_anchor_arn)
        crl.check()
        self._registry.crls[crl.arn] = crl
        return {"crl": crl.detail()}

    def _put_attribute_mapping(self, parameters: Document) -> Document:
        profile = self._profile(parameters["profileId"])
        field = parameters["certificateField"]
        rules = {"certificateField": field, "mappingRules": parameters["mappingRules"]}
        others = [m for m in profile.attribute_mappings if m["certificateField"] != field]
        profile.attribute_mappings = [*others, rules]
        return {"profile": profile.detail()}

    def _delete_attribute_mapping(self, parameters: Document) -> Document:
        profile = self._profile(parameters["profileId"])
        field = parameters["certificateField"]
        profile.attribute_mappings = [
            m for m in profile.attribute_mappings if m["certificateField"] != field
        ]
        return {"profile": profile.detail()}

    def _put_notification_settings(self, parameters: Document) -> Document:
        anchor = self._anchor(parameters["trustAnchorId"])
        new = {each["event"]: each for each in parameters["notificationSettings"]}
        old = {each["event"]: each for each in anchor.notification_settings}
        anchor.notification_settings = list({**old, **new}.values())
        return {"trustAnchor": anchor.detail()}

    def _reset_notification_settings(self, parameters: Document) -> Document:
        anchor = self._anchor(parameters["trustAnchorId"])
        reset = {each["event"] for each in parameters["notificationSettingKeys"]}
        kept = [each for each in anchor.notification_settings if each["event"] not in reset]
        anchor.notification_settings = _with_defaults(kept)
        return {"trustAnchor": anchor.detail()}

    def _tag_resource(self, parameters: Document) -> Document:
        resource = self._registry.tagged(parameters["resourceArn"])
        new = {each["key"]: each for each in parameters["tags"]}
        old = {each["key"]: each for each in resource.tags}
        resource.tags = list({**old, **new}.values())
        return {}

    def _untag_resource(self, parameters: Document) -> Document:
        resource = self._registry.tagged(parameters["resourceArn"])
        resource.tags = [each for each in resource.tags if each["key"] not in parameters["tagKeys"]]
        return {}

    def _list_tags_for_resource(self, parameters: Document) -> Document:
        return {"tags": self._registry.tagged(parameters["resourceArn"]).tags}

    def _anchor(self, identifier: str) -> TrustAnchor:
        anchor = self._registry.anchors.get(self._arn("trustAnchor", identifier))
        if anchor is None:
            raise not_found(identifier)
        return anchor

    def _profile(self, identifier: str) -> Profile:
        profile = self._registry.profiles.get(self._arn("profile", identifier))
        if profile is None:
            raise not_found(identifier)
        return profile

    def _arn(self, label: str, identifier: str) -> str:
        if identifier.startswith("arn:"):
            return identifier
        kind = "trust-anchor" if label == "trustAnchor" else label
        return f"arn:aws:rolesanywhere:{self._region}:{self._account}:{kind}/{identifier}"

    def _new(self, kind: str) -> Document:
        now = self._clock.now()
        arn = new_arn(self._region, self._account, kind)
        return {"arn": arn, "createdAt": now, "updatedAt": now}


def _with_defaults(settings: list[Document]) -> list[Document]:
    """Add 45 days' notice of each expiry that `settings` do not name."""
    named = {each["event"] for each in settings}
    return settings + [
        {"enabled": True, "event": event, "threshold": 45, "channel": "ALL"}
        for event in _DEFAULT_NOTICES
        if event not in named
    ]


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
