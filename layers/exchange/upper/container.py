"""The container of an exchange: a zip or a folder with a manifest and JSON lines, checked whole before a row is taken."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from data.errors import Conflict, Invalid

FORMAT, VERSION = "onegrid-exchange", 1
MANIFEST = "manifest.json"
# A file beyond this is no exchange of a town; a zip can pretend to hold anything.
MOST_BYTES = 2_000_000_000
MOST_LINE_BYTES = 1_000_000

FileName = Literal["cases.jsonl", "steps.jsonl", "answers.jsonl"]


class FilePart(BaseModel):
    """A file of JSON lines and what it must hold."""

    model_config = ConfigDict(frozen=True)
    name: FileName
    rows: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0, le=MOST_BYTES)]
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """`manifest.json`. What it has beside these is ignored."""

    model_config = ConfigDict(frozen=True)
    format: Literal["onegrid-exchange"] = "onegrid-exchange"
    version: Literal[1] = 1
    id: UUID
    sender: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    receiver: Annotated[str, StringConstraints(max_length=64)] | None = None
    created_at: AwareDatetime
    previous: UUID | None = None
    synthetic: bool = False
    files: tuple[FilePart, ...]


@dataclass
class _Written:
    stream: IO[bytes]
    hash: Any = field(default_factory=hashlib.sha256)
    rows: int = 0
    bytes: int = 0


class Writer:
    """Writes a container beside its place; `finish` moves it there whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[FileName, _Written] = {}

    def write(self, name: FileName, record: Mapping[str, Any]) -> None:
        """Add a line to a file."""
        if name not in self._files:
            self._files[name] = _Written((self._folder / name).open("wb"))
        file = self._files[name]
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        file.stream.write(line)
        file.hash.update(line)
        file.rows += 1
        file.bytes += len(line)

    def parts(self) -> tuple[FilePart, ...]:
        """Close the files and return what the manifest says of them."""
        for file in self._files.values():
            file.stream.close()
        return tuple(
            FilePart(name=name, rows=file.rows, bytes=file.bytes, sha256=file.hash.hexdigest())
            for name, file in self._files.items()
        )

    def finish(self, manifest: Manifest, path: Path) -> None:
        """Put the container to its place: a zip when its name ends so, else a folder."""
        (self._folder / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if path.suffix.lower() != ".zip":
            self._folder.chmod(0o750)
            os.replace(self._folder, path)
            return
        aside = self._folder.with_suffix(".zip")
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(self._folder.iterdir()):
                archive.write(file, file.name)
        aside.chmod(0o640)
        os.replace(aside, path)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Give a writer whose container becomes ``path``; nothing is left behind when it fails.

    Raises
    ------
    Conflict : `exchange.there`: there is something already.
    """
    if path.exists():
        raise Conflict(
            "exchange.there", f"{path} is there already; give a new name, each exchange is a file of its own"
        )
    folder = Path(tempfile.mkdtemp(prefix=".exchange-", dir=path.parent))
    try:
        yield Writer(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".zip").unlink(missing_ok=True)


class Reader:
    """A container that was checked: its manifest, and the lines of its files."""

    def __init__(self, source: Path | zipfile.ZipFile, path: Path) -> None:
        self._source, self._path = source, path
        self.manifest = self._manifest()
        for part in self.manifest.files:
            self._check(part)

    def lines(self, name: FileName) -> Iterator[tuple[int, bytes]]:
        """Yield (number from 1, line) of a file; of one that is not there, nothing."""
        if any(part.name == name for part in self.manifest.files):
            with self._open(name) as stream:
                yield from enumerate(_lines(stream), start=1)

    def _open(self, name: str) -> IO[bytes]:
        if isinstance(self._source, zipfile.ZipFile):
            return self._source.open(name)
        return (self._source / name).open("rb")

    def _manifest(self) -> Manifest:
        try:
            with self._open(MANIFEST) as stream:
                return Manifest.model_validate_json(stream.read(MOST_LINE_BYTES))
        except (KeyError, FileNotFoundError):
            raise Invalid("exchange.manifest", f"{self._path.name}: there is no {MANIFEST} in it") from None
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in fault["loc"])
            raise Invalid("exchange.manifest", f"{self._path.name}: {MANIFEST}: {where}: {fault['msg']}") from None

    def _check(self, part: FilePart) -> None:
        found, rows, size = hashlib.sha256(), 0, 0
        try:
            with self._open(part.name) as stream:
                for line in _lines(stream):
                    found.update(line)
                    rows, size = rows + 1, size + len(line)
                    if size > part.bytes:
                        break
        except (KeyError, FileNotFoundError):
            raise Invalid("exchange.damaged", f"{self._path.name}: {part.name} is missing") from None
        if (size, rows, found.hexdigest()) != (part.bytes, part.rows, part.sha256):
            raise Invalid(
                "exchange.damaged", f"{self._path.name}: {part.name} is not what the manifest says; send it again"
            )


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; one that does not end is cut into pieces, which are no JSON."""
    while line := stream.readline(MOST_LINE_BYTES):
        yield line


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Give a container, whole and undamaged.

    Raises
    ------
    Invalid : `exchange.manifest`, `exchange.damaged`. OSError : there is no such file.
    """
    if path.is_dir():
        yield Reader(path, path)
        return
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            yield Reader(archive, path)
    except zipfile.BadZipFile:
        raise Invalid("exchange.damaged", f"{path.name} is neither a folder nor a whole zip file") from None
