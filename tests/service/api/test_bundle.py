from pathlib import Path

import pytest

from service.api.bundle import bundle, without_comments

WEB = Path(__file__).parents[3] / "web"
MODULES = {
    "main": "// Main.\n\nimport { HELLO, marked } from './words.js';\n\nalert(marked(HELLO));\n",
    "words": "import {\n  mark,\n} from './marks.js';\n\n/**\n * @param {string} word\n */\n"
    "export function marked(word) {\n  return mark(word); // not `marked`\n}\n\n"
    "export const HELLO = 'hello // there';\n",
    "marks": "/** @type {string} */\nconst MARK = '!';\nexport const mark = (word) => word;\n",
}


def test_imports_and_exports_become_the_parts_of_one_module() -> None:
    assert bundle(MODULES, "main") == (
        "const $marks = (() => {\nconst MARK = '!';\nconst mark = (word) => word;\n"
        "return { mark };\n})();\n"
        "const $words = (() => {\nconst {\n  mark,\n} = $marks;\n"
        "function marked(word) {\n  return mark(word); // not `marked`\n}\n"
        "const HELLO = 'hello // there';\nreturn { marked, HELLO };\n})();\n"
        "const $main = (() => {\nconst { HELLO, marked } = $words;\nalert(marked(HELLO));\n"
        "return {  };\n})();\n"
    )


def test_each_module_is_included_once_and_after_its_imports() -> None:
    text = bundle(
        MODULES | {"main": MODULES["main"] + "import { mark } from './marks.js';\n"}, "main"
    )

    starts = [text.index(f"const ${name} =") for name in ("marks", "words", "main")]
    assert starts == sorted(starts)
    assert text.count("const $marks =") == 1


def test_whole_line_comments_are_removed_and_all_else_is_kept() -> None:
    text = "// one\n/** @type {A} */ let a = 1;\n/**\n * @b\n */\n\n  // two\n\nconst c = '// d';\n"

    assert without_comments(text) == "/** @type {A} */ let a = 1;\nconst c = '// d';\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import words from './words.js';\n", r"web/main.js: cannot be bundled: import words from"),
        ("export default 1;\n", "web/main.js: cannot be bundled: export default 1;"),
        ("export let count = 1;\n", "cannot be bundled: export let count"),
        ("import { a } from './gone.js';\n", r"web/main.js: there is no ./gone.js"),
        ("import { b } from './main.js';\n", "web/main.js imports itself: main -> main"),
    ],
)
def test_an_unsupported_module_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        bundle(MODULES | {"main": text}, "main")


def test_the_pages_modules_can_be_bundled() -> None:
    modules = {path.stem: path.read_text() for path in WEB.glob("*.js")}
    text = bundle(modules, "main")

    named = {name for name in modules if f"const ${name} =" in text}
    assert named == set(modules) - {"faults", "login"}  # of other pages
