"""What a text can come as: files, folders, URLs, data sets; what is told when it cannot be read."""

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from explanations.corpora.texts import TextError, documents, name_of, where
from tests.conftest import ROOT

ROWS = [{"id": "a", "text": "One."}, {"id": "b", "text": "Two."}]
PAIRS = [("a", "One."), ("b", "Two.")]


@pytest.fixture(autouse=True)
def _empty_memory() -> Iterator[None]:
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def json_lines(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lines(rows))
    return path


def parquet(path: Path, columns: dict[str, list[Any]], group: int = 2) -> Path:
    arrow, writer = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer.write_table(arrow.table(columns), path, row_group_size=group)
    return path


def read(source: str | Path) -> list[tuple[str, str]]:
    return list(documents(source))


# --- JSON Lines -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".jsonl", ".ndjson", ".data"])
def test_json_lines_are_read_and_blank_lines_passed_over(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"text{ending}"
    path.write_bytes(b"\xef\xbb\xbf" + lines(ROWS[:1]) + b"\n \r\n" + lines(ROWS[1:]))
    assert read(path) == read(str(path)) == PAIRS


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_packed_files_are_read(tmp_path: Path, ending: str, pack: Any) -> None:
    path = tmp_path / f"text.jsonl.{ending}"
    path.write_bytes(pack(lines(ROWS)))
    assert read(path) == PAIRS
    assert name_of(path) == "text"


def test_a_packed_file_that_was_cut_off_or_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "text.jsonl.gz"
    packed = gzip.compress(lines(ROWS))
    for damaged in (packed[:-20], packed[:20] + b"\xff" * 9 + packed[29:]):
        path.write_bytes(damaged)
        with pytest.raises(TextError, match=r"text\.jsonl\.gz: the file is damaged"):
            read(path)


def test_without_ids_a_document_is_called_after_its_line(tmp_path: Path) -> None:
    path = tmp_path / "text.jsonl"
    path.write_bytes(b'{"text": "One."}\n\n{"text": "Two."}\n')
    assert read(path) == [("text.jsonl:1", "One."), ("text.jsonl:3", "Two.")]


def test_columns_are_chosen_behind_a_question_mark(tmp_path: Path) -> None:
    rows = [{"id": 7, "key": "k1", "body & soul": "One.", "text": ""}]
    path = json_lines(tmp_path / "text.jsonl", rows)
    assert read(f"{path}?text=body%20%26+soul") == [("7", "One.")]
    assert read(f"{path}?id=key&text=body+%26+soul") == [("k1", "One.")]
    with pytest.raises(TextError, match=r"text\.jsonl, line 1, url: expected a text or a whole"):
        read(f"{path}?text=body+%26+soul&id=url")


def test_a_file_whose_name_looks_like_a_choice_is_that_file(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "what?text=body", ROWS)
    assert read(str(path)) == PAIRS
    assert where(str(path)) == str(path)


def test_an_option_of_data_sets_is_refused_for_files(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "text.jsonl", ROWS)
    with pytest.raises(TextError, match="split can be chosen for hf: only"):
        read(f"{path}?split=test")
    with pytest.raises(FileNotFoundError, match=r"text\.jsonl\?column=a"):
        read(f"{path}?column=a")


def test_a_line_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_bytes(b"good\n\nna\xefve\n")
    with pytest.raises(TextError, match=r"text\.txt, line 3: not UTF-8"):
        read(tmp_path / "text.txt")


# --- Plain text -----------------------------------------------------------------------------------


def test_a_text_file_alone_is_divided_at_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_bytes(b"\r\nOne,\r\n  still one.\r\n\t\r\n\r\nTwo.\r\n\r\nThree.")
    assert read(path) == [
        ("book.txt:2", "One,\n  still one."),
        ("book.txt:6", "Two."),
        ("book.txt:8", "Three."),
    ]


def test_in_a_folder_each_text_file_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.txt").write_text("Three.")
    (tmp_path / "b.txt").write_text("Two.\n\nStill two.\n")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"One."))
    (tmp_path / "empty.txt").write_text("\n")
    for left_out in (".hidden.txt", "_old.txt", "README.md", "data.csv"):
        (tmp_path / left_out).write_text("No.")
    assert read(tmp_path) == [
        ("a.txt.gz", "One."),
        ("b.txt", "Two.\n\nStill two.\n"),
        ("sub/c.txt", "Three."),
    ]


def test_a_key_that_is_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / ("folder" * 30) / ("name" * 30 + ".txt")
    path.parent.mkdir()
    path.write_text("One.")
    with pytest.raises(TextError, match=r"name\.txt: longer than 200 characters"):
        read(tmp_path)


# --- Folders and URLs -----------------------------------------------------------------------------


def test_a_folder_is_read_in_name_order_whatever_its_files_are(tmp_path: Path) -> None:
    json_lines(tmp_path / "b.jsonl", ROWS)
    json_lines(tmp_path / "a" / "z.ndjson", [{"text": "Zero."}])
    (tmp_path / "c.txt").write_text("Four.")
    parquet(tmp_path / "bb.parquet", {"text": ["Three."]})
    assert read(tmp_path) == [
        ("a/z.ndjson:1", "Zero."),
        *PAIRS,
        ("bb.parquet:1", "Three."),
        ("c.txt", "Four."),
    ]


def test_an_id_that_stands_in_two_files_is_told(tmp_path: Path) -> None:
    json_lines(tmp_path / "1.jsonl", ROWS)
    json_lines(tmp_path / "2.jsonl", [{"id": "c", "text": "Three."}, ROWS[1]])
    with pytest.raises(TextError, match=r"2\.jsonl, line 2, id: 'b' stands on an earlier line too"):
        read(tmp_path)


def test_thousands_of_ids_are_told_apart(tmp_path: Path) -> None:
    rows = [{"id": number, "text": "One."} for number in range(5000)]
    path = json_lines(tmp_path / "text.jsonl", rows)
    assert len(read(path)) == 5000
    json_lines(path, [*rows, rows[17]])
    with pytest.raises(TextError, match="line 5001, id: '17' stands on an earlier line too"):
        read(path)


def test_a_folder_without_texts_is_told(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("No.")
    with pytest.raises(TextError, match=r"holds no file that ends in \.jsonl"):
        read(tmp_path)


def test_a_url_is_read_like_a_path(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "my texts" / "text.jsonl", ROWS)
    table = parquet(tmp_path / "table.parquet", {"body": ["Three."], "n": [3]})
    store = MemoryFileSystem()
    store.pipe("/bucket/texts/1.jsonl.gz", gzip.compress(lines(ROWS)))
    store.pipe("/bucket/texts/2.txt", b"Three.\n\nStill three.")
    store.pipe("/bucket/table.parquet", table.read_bytes())
    assert read(path.as_uri()) == read(path.parent.as_uri()) == PAIRS
    assert read("memory://bucket/texts/1.jsonl.gz") == PAIRS
    assert read("memory://bucket/texts") == [*PAIRS, ("2.txt", "Three.\n\nStill three.")]
    assert read("memory://bucket/table.parquet?text=body&id=n") == [("3", "Three.")]


def test_what_is_not_there_is_told() -> None:
    for source in ("memory://bucket/none.jsonl", "/none/at/all.jsonl", "file:///none.txt"):
        with pytest.raises(FileNotFoundError, match="No such file"):
            read(source)
    with pytest.raises(TextError, match="nowhere://x: Protocol not known"):
        read("nowhere://x")


class Locked(MemoryFileSystem):
    """A storage with errors of its own."""

    protocol = "locked"

    def exists(self, path: str, **options: Any) -> bool:
        raise LookupError("no credentials")


def test_what_a_storage_says_is_told() -> None:
    register_implementation("locked", Locked, clobber=True)
    with pytest.raises(TextError, match=r"locked://bucket/text\.jsonl: no credentials"):
        read("locked://bucket/text.jsonl")


# --- Parquet --------------------------------------------------------------------------------------


def test_parquet_without_ids_is_called_after_its_rows_and_gaps_are_passed_over(
    tmp_path: Path,
) -> None:
    path = parquet(tmp_path / "t.parquet", {"text": ["One.", None, "", " \n", "Two."]})
    assert read(path) == [("t.parquet:1", "One."), ("t.parquet:5", "Two.")]


def test_parquet_columns_are_chosen(tmp_path: Path) -> None:
    columns = {"id": [1, 2], "key": ["k", "l"], "text": ["One.", "Two."], "body": ["I", "II"]}
    path = parquet(tmp_path / "t.parquet", columns)
    assert read(path) == [("1", "One."), ("2", "Two.")]
    assert read(f"{path}?text=body&id=key") == [("k", "I"), ("l", "II")]
    with pytest.raises(TextError, match=r"t\.parquet: no column 'b' among id, key, text, body"):
        read(f"{path}?text=b")


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"text": [1, 2]}, "row 1, text: expected a text"),
        ({"text": ["One.", "Two."], "id": ["a", None]}, "row 2, id: expected a text or a whole"),
        ({"text": ["One.", "Two."], "id": ["a", "a"]}, "row 2, id: 'a' stands on an earlier row"),
        ({"text": ["One."], "id": [0.5]}, "row 1, id: expected a text or a whole"),
    ],
)
def test_a_fault_in_parquet_is_told_with_row_and_column(
    tmp_path: Path, columns: dict[str, list[Any]], fault: str
) -> None:
    with pytest.raises(TextError, match=rf"t\.parquet, {fault}"):
        read(parquet(tmp_path / "t.parquet", columns))


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(lines(ROWS))
    with pytest.raises(TextError, match=r"t\.parquet: no Parquet that can be read"):
        read(tmp_path / "t.parquet")


# --- Data sets ------------------------------------------------------------------------------------


def test_a_local_data_set_is_read_by_split_and_column(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    folder = tmp_path / "My-Set"
    parquet(folder / "train-0.parquet", {"text": ["One.", "", "Three."], "n": [7, 8, 9]})
    parquet(folder / "test-0.parquet", {"text": ["Test."], "n": [1]})
    assert read(f"hf:{folder}") == [("My-Set:1", "One."), ("My-Set:3", "Three.")]
    assert read(f"hf:{folder}?split=test&id=n") == [("1", "Test.")]


def test_a_configuration_of_a_data_set_is_chosen(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    folder = tmp_path / "both"
    json_lines(folder / "en" / "train.jsonl", [{"id": "e", "body": "One."}])
    json_lines(folder / "de" / "train.jsonl", [{"id": "d", "body": "Eins."}])
    parts = [f"- config_name: {part}\n  data_files: {part}/train.jsonl\n" for part in ("en", "de")]
    (folder / "README.md").write_text("---\nconfigs:\n" + "".join(parts) + "---\n")
    assert read(f"hf:{folder}?config=de&text=body") == [("d", "Eins.")]
    with pytest.raises(TextError, match=r"hf:.*both: .*Config name is missing"):
        read(f"hf:{folder}?text=body")


def test_what_a_data_set_has_not_is_told(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    folder = tmp_path / "set"
    parquet(folder / "train.parquet", {"text": ["One."], "n": [1]})
    with pytest.raises(TextError, match="set: no column 'body' among text, n"):
        read(f"hf:{folder}?text=body")
    with pytest.raises(TextError, match=r"hf:.*set: Bad split: test"):
        read(f"hf:{folder}?split=test")
    with pytest.raises(TextError, match="after \\? stand text, id, config, split or revision"):
        read(f"hf:{folder}?subset=en")
    with pytest.raises(TextError, match=f"hf:{tmp_path}/none: "):
        read(f"hf:{tmp_path}/none")


# --- Names ----------------------------------------------------------------------------------------


def test_a_source_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    json_lines(tmp_path / "set" / "t.jsonl", ROWS)
    assert where("set/t.jsonl?text=a&id=b") == f"{tmp_path}/set/t.jsonl?text=a&id=b"
    assert where("hf:set?split=test") == f"hf:{tmp_path}/set?split=test"
    for same in ("hf:org/set?split=test", "s3://bucket/a.jsonl?text=b", "memory://a"):
        assert where(same) == same
    for source in ("set/t.jsonl", "set?id=id", "hf:set"):
        assert read(where(source)) == read(source)
        assert where(where(source)) == where(source)


def test_a_source_is_called_by_the_last_part_of_its_name() -> None:
    named = {
        "a/stories.jsonl": "stories",
        "a/stories.v2.txt.gz?text=b": "stories.v2",
        "hf:org/Some.Set?split=test": "Some.Set",
        "s3://bucket/texts/": "texts",
        Path("a/stories.parquet"): "stories",
    }
    assert {source: name_of(source) for source in named} == named


# --- Cost and what is needed ----------------------------------------------------------------------

MEMORY = """
import resource, sys
from explanations.corpora.texts import documents
few, many = sys.argv[1:]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in documents(few)) == 2000
before = peak()
assert sum(1 for _ in documents(many)) == 20000
print((peak() - before) / 1024)
"""


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "hf"])
def test_memory_does_not_grow_with_the_text(tmp_path: Path, ending: str) -> None:
    places = []
    for count in (2000, 20000):
        texts = [f"{number:05d}" * 400 for number in range(count)]
        folder = tmp_path / str(count)
        if ending == "jsonl":
            places.append(str(json_lines(folder / "t.jsonl", [{"text": t} for t in texts])))
        else:
            path = parquet(folder / "t.parquet", {"text": texts}, group=500)
            places.append(f"hf:{folder}" if ending == "hf" else str(path))
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *places],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout.split()[-1]) < 16  # MiB; the larger text has 40


WITHOUT = """
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pyarrow", "datasets"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NotInstalled())
from explanations.corpora.texts import TextError, documents
try:
    list(documents(sys.argv[1]))
except TextError as error:
    print(error)
"""


def test_what_must_be_installed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"")
    for source, library in ((str(path), "pyarrow"), ("hf:org/set", "datasets")):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, source],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        said = f"{library} is not installed: pip install 'concordance[data]'"
        assert done.stdout.strip() == said
