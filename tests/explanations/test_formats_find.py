"""FIND: descriptions and code of functions come in as texts, and nothing of them is ever run."""

import json
from pathlib import Path
from typing import Any

from explanations.records import AuthorKind
from tests.explanations.foreign import read, write


def find(folder: Path, category: str, data: Any = None, **codes: str) -> Path:
    """Write a category with descriptions and the code of some functions."""
    place = folder / category
    place.mkdir(parents=True, exist_ok=True)
    if data is not None:
        text = data if isinstance(data, str) else json.dumps(data)
        (place / "data.json").write_text(text)
    for name, code in codes.items():
        (place / name).mkdir(exist_ok=True)
        (place / name / "function_code.py").write_text(code)
    return folder


def interpreted(folder: Path, category: str, name: str, **files: str) -> Path:
    place = folder / "gpt-4" / category / name
    place.mkdir(parents=True)
    for file, text in files.items():
        (place / {"description": "description.txt", "code": "code.py"}[file]).write_text(text)
    (place / "history.json").write_text("{")
    return folder


def test_descriptions_and_code_are_read_and_nothing_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    code = f"open({str(ran)!r}, 'w')\n\ndef function(x):\n    return x\n"
    path = find(
        tmp_path / "in",
        "numeric",
        [
            {"dir": "f00003", "name": "linear((1.0, 1.1))"},
            {"dir": "elsewhere//f00012", "name": "x"},
        ],
        f00003=code,
    )
    lines, faults = read("find", path)
    assert faults == []
    assert not ran.exists()
    assert [(each.subject.name, each.layer, each.index) for each in lines] == [
        ("find/numeric", 0, 3),
        ("find/numeric", 0, 12),
    ]
    described, coded = lines[0].explanations
    assert (described.text, described.author_kind) == ("linear((1.0, 1.1))", AuthorKind.BASELINE)
    assert (coded.text, coded.method.name) == (code.strip(), "find_code")


def test_concepts_become_a_description(tmp_path: Path) -> None:
    rows = [
        {"dir": "f00000", "concept1": "chess", "concept2": None},
        {"dir": "f00001", "concept1": "a country", "concept2": "its capital", "exeption": None},
        {"dir": "f00002", "concept1": "a city", "concept2": "its country", "exeption": "in Asia"},
        {"dir": "f00003", "name": "gaussian((1, 2))", "GPT_description": "a bell"},
    ]
    lines, _ = read("find", find(tmp_path, "neurons", rows))
    assert [each.explanations[0].text for each in lines] == [
        "chess",
        "a country -> its capital",
        "a city -> its country, unless in Asia",
        "a bell",
    ]


def test_what_interpreters_said_is_theirs(tmp_path: Path) -> None:
    path = interpreted(tmp_path, "strings", "f00004", description="reverses it\n", code="")
    interpreted(path, "strings_hints", "f00004", description="turns it around", code="def f(): 1")
    lines, faults = read("find", path)
    assert faults == []
    plain, hinted = lines
    assert (plain.subject.name, plain.index) == ("find/strings", 4)
    (said,) = plain.explanations
    assert (said.text, said.author_kind) == ("reverses it", AuthorKind.MODEL)
    assert said.method.config == {"model": "gpt-4"}
    assert hinted.subject == plain.subject
    assert {each.method.name for each in hinted.explanations} == {
        "find_interpreter",
        "find_interpreter_code",
    }
    assert hinted.explanations[0].method.config == {"model": "gpt-4", "hints": True}


def test_a_bad_description_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [{"dir": "f00001"}, {"dir": "nowhere", "name": "x"}, 5, {"dir": "f00002", "name": "y"}]
    lines, faults = read("find", find(tmp_path, "numeric", rows, f00001="def function(x): 1"))
    assert [each.index for each in lines] == [1, 2]
    # The code of the first is there, whatever its description.
    assert lines[0].explanations[0].method.name == "find_code"
    assert faults == [
        "numeric/data.json, functions[0].name: is missing",
        "numeric/data.json, functions[1].dir: "
        "expected a folder called f and a number, as in f00012",
        "numeric/data.json, functions[2]: expected an object, not a number",
    ]


def test_files_that_are_no_json_and_no_text_are_named(tmp_path: Path) -> None:
    path = find(tmp_path, "numeric", "[{", f00001="def function(x): 1", f00002="x")
    (path / "numeric" / "f00002" / "function_code.py").write_bytes(b"\xff\xfe\xff")
    lines, faults = read("find", path)
    assert [each.index for each in lines] == [1]
    assert faults[0].startswith("numeric/data.json: is no JSON")
    assert faults[1].startswith("numeric/f00002/function_code.py: is no text")


def test_all_is_written_and_read_again_the_same(tmp_path: Path) -> None:
    path = find(
        tmp_path / "in",
        "numeric",
        [{"dir": "f00003", "name": "linear((1.0, 1.1))"}],
        f00003="def function(x):\n    return x\n",
    )
    find(path, "strings", [{"dir": "f00000", "name": "upper"}])
    interpreted(path, "numeric", "f00003", description="a line", code="def line(x): ...")
    interpreted(path, "numeric_hints", "f00003", description="a straight line")
    lines, _ = read("find", path)
    ordered = sorted(lines, key=lambda each: (each.subject.name, each.index))
    assert write("find", ordered, tmp_path / "out") == []
    again, faults = read("find", tmp_path / "out")
    assert faults == []
    assert sorted(again, key=str) == sorted(lines, key=str)


def test_what_has_no_place_is_named(tmp_path: Path) -> None:
    (line,), _ = read("find", find(tmp_path / "in", "numeric", [{"dir": "f00003", "name": "x"}]))
    (said,) = line.explanations
    by_person = type(said)(id="2", text="a line", author_kind=AuthorKind.HUMAN, method=None)
    both = type(line)(
        subject=line.subject, layer=0, index=3, maximum=0.0, explanations=(said, by_person)
    )
    assert write("find", [both], tmp_path / "out") == [
        "find/numeric f00003, explanations: "
        "FIND has no place for what a person said; it is left out"
    ]
    (again,), _ = read("find", tmp_path / "out")
    assert again.explanations == (said,)
