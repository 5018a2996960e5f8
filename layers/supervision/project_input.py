"""What is asked of projects: bodies of the API, each with its bounds. Pure values."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
CaseRef = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class NewTask(BaseModel):
    """A task: what, by which organisation, until when."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    org: Code
    due_on: date


class NewProject(BaseModel):
    """A project with its first tasks."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    goal: Words
    org: Code
    starts_on: date
    due_on: date
    tasks: Annotated[list[NewTask], Field(max_length=50)] = []


class ProjectChange(BaseModel):
    """What becomes different of a project, and why."""

    model_config = ConfigDict(extra="forbid")
    version: int
    reason: Words
    name: Name | None = None
    goal: Words | None = None
    org: Code | None = None
    starts_on: date | None = None
    due_on: date | None = None
    state: Literal["planned", "running", "paused", "done", "cancelled"] | None = None


class TaskChange(BaseModel):
    """What becomes different of a task, and why. Its organisation and the owner may only change the state."""

    model_config = ConfigDict(extra="forbid")
    version: int
    reason: Words
    name: Name | None = None
    org: Code | None = None
    due_on: date | None = None
    state: Literal["open", "doing", "done", "cancelled"] | None = None


class Progress(BaseModel):
    """What was done: words, how far the project is, the cases that show it. Photos follow."""

    model_config = ConfigDict(extra="forbid")
    words: Words
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    task: UUID | None = None
    cases: Annotated[list[CaseRef], Field(max_length=20)] = []
