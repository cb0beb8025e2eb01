from stack import image
from tests.stack import clouds
from tests.stack.conftest import DIGEST, Program
from tests.stack.recording import Recording


def _sources(recording: Recording) -> list[tuple[object, object]]:
    return [(c.get("image"), c.get("git")) for c in recording.components]


def test_every_component_has_the_same_source(program: Program, variant: str) -> None:
    sources = _sources(program(variant))

    assert len(sources) == (2 if variant == "everything optional" else 3)
    assert all(source == sources[0] for source in sources)
    assert sum(part is not None for part in sources[0]) == 1


def test_a_digest_is_deployed_without_tag_and_without_registry(program: Program) -> None:
    assert _sources(program("published digest"))[0][0] == {
        "registryType": "DOCR",
        "repository": "heartbeat",
        "digest": DIGEST,
    }


def test_a_tag_is_deployed_with_its_registry(program: Program) -> None:
    assert _sources(program("published tag"))[0][0] == {
        "registryType": "GHCR",
        "registry": "owner",
        "repository": "heartbeat",
        "tag": "1.2.3",
    }


def test_a_local_build_is_deployed_by_its_digest(program: Program) -> None:
    recording = program("built here")

    built = recording.one("Image").inputs
    assert built["buildOnPreview"] is False
    assert built["push"] is True
    assert built["platforms"] == ["linux/amd64"]
    assert built["target"] == "service"
    assert built["tags"] == ["registry.digitalocean.com/ours/heartbeat:dev"]
    assert _sources(recording)[0][0] == {
        "registryType": "DOCR",
        "repository": "heartbeat",
        "digest": clouds.DIGEST,
    }


def test_git_is_built_from_the_dockerfile(program: Program) -> None:
    components = program().components

    assert components[0]["git"] == {
        "repoCloneUrl": "https://github.com/example/heartbeat.git",
        "branch": "main",
    }
    assert {c["dockerfilePath"] for c in components} == {"Dockerfile"}


def test_no_registry_is_created(program: Program, variant: str) -> None:
    assert not program(variant).of("ContainerRegistry")


def test_a_nested_repository_keeps_its_path() -> None:
    found = image.published("docker.io/owner/group/heartbeat:1")

    assert (found.registry, found.repository, found.tag) == ("owner", "group/heartbeat", "1")
