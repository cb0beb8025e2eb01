"""Bundle the page's modules into one, so that a browser sends one request instead of many.

The modules in `web/` stay as written, and can be served, tested and debugged one by one. They use
one form of import and one of export, so bundling is a change of text: see
`decisions/080-one-request-for-all-modules.md`.
"""

import re
from collections.abc import Mapping

_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_BLANK = re.compile(r"\n{2,}")
_IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([a-z_]+)\.js';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """Return one module that contains the entry and all that it imports.

    Args:
        modules: Their texts by name, such as `words` for `words.js`.
        entry: The name of the page's main module.

    Raises:
        ValueError: A module uses another form of import or export, imports what does not exist, or
            is part of a cycle.
    """
    done: dict[str, str] = {}
    _scoped(entry, modules, done, ())
    return "".join(done.values())


def _scoped(
    name: str, modules: Mapping[str, str], done: dict[str, str], on: tuple[str, ...]
) -> None:
    if name in done:
        return
    if name in on:
        raise ValueError(f"web/{name}.js imports itself: {' -> '.join([*on, name])}")
    if name not in modules:
        raise ValueError(f"web/{on[-1] if on else name}.js: there is no ./{name}.js")
    text = without_comments(modules[name])
    for _, imported in _IMPORT.findall(text):
        _scoped(imported, modules, done, (*on, name))
    exported = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(r"const {\1} = $\2;\n", text))
    if wrong := _OTHER.search(body):
        raise ValueError(f"web/{name}.js: cannot be bundled: {wrong[0]}")
    done[name] = f"const ${name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"


def without_comments(text: str) -> str:
    """Remove blank lines, and comments on lines of their own."""
    return _BLANK.sub("\n", _LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))).lstrip("\n")
