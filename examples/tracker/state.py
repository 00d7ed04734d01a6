"""All that Tracker remembers. It lives in memory: a new start is an empty tracker."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, Field, model_validator


@dataclass(frozen=True)
class User:
    """A person with an account at Tracker."""

    id: str
    name: str
    email: str
    password: str


@dataclass(frozen=True)
class Config:
    """Who may sign in, and the one client that is registered."""

    client_id: str
    client_secret: str
    redirect_uri: str
    token_lifetime: int = 3600
    """Seconds that an access token is good for."""
    latency: float = 0.0
    """Seconds that each call of a resource takes, as it would over the internet."""
    users: tuple[User, ...] = (
        User("ada", "Ada Lovelace", "ada@tracker.example", "analytical-engine"),
        User("grace", "Grace Hopper", "grace@tracker.example", "first-compiler"),
        User("acme", "Acme Support", "support@acme.example", "we-care"),
    )

    def user(self, user_id: str) -> User | None:
        """The user with that id."""
        return next((user for user in self.users if user.id == user_id), None)


class Project(BaseModel):
    """What tickets are about, and the users who work at it."""

    id: str
    name: str
    description: str
    members: list[str]


PROJECTS = (
    Project(id="ENG", name="Engine", description="The mill and the store", members=["ada"]),
    Project(id="COM", name="Compiler", description="From words to code", members=["grace", "ada"]),
    Project(id="SUP", name="Support", description="What customers ask", members=["acme"]),
    Project(id="WEB", name="Website", description="The shop window", members=["acme", "grace"]),
)


def project_of(project_id: str) -> Project | None:
    """The project with that id."""
    return next((project for project in PROJECTS if project.id == project_id), None)


class NewTicket(BaseModel):
    """What a ticket is made of."""

    title: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=10_000)
    priority: Literal["low", "normal", "high"] = "normal"
    project: str | None = None
    """The id of one of the projects."""
    assignee: str | None = None
    """The id of one of the project's members."""

    @model_validator(mode="after")
    def _fits(self) -> NewTicket:
        project = project_of(self.project) if self.project is not None else None
        if self.project is not None and project is None:
            raise ValueError(f"there is no project {self.project}")
        if self.assignee is not None and (project is None or self.assignee not in project.members):
            raise ValueError(f"{self.assignee} is no member of the ticket's project")
        return self


class NewText(BaseModel):
    """What a comment and an announcement are made of."""

    text: str = Field(min_length=1, max_length=10_000)


class Comment(BaseModel):
    """A comment on a ticket."""

    id: str
    text: str
    author: str


class Ticket(BaseModel):
    """A ticket."""

    id: str
    title: str
    description: str
    priority: str
    project: str | None
    assignee: str | None
    author: str
    url: str
    comments: list[Comment] = []


class Announcement(BaseModel):
    """A line that everybody sees."""

    id: str
    text: str
    author: str


@dataclass
class State:
    """The tickets, the announcements and what is needed to sign in."""

    config: Config
    tickets: dict[str, Ticket] = field(default_factory=dict)
    announcements: list[Announcement] = field(default_factory=list)
    sessions: dict[str, User] = field(default_factory=dict)
    """Signed-in browsers by the value of their cookie."""
    answered: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)
    """By user and Idempotency-Key: what was asked, and what was answered."""

    def sign_in(self, user_id: str, password: str) -> str | None:
        """The cookie of a new session, unless the password is wrong."""
        user = self.config.user(user_id)
        if user is None or not secrets.compare_digest(user.password, password):
            return None
        session = secrets.token_urlsafe(24)
        self.sessions[session] = user
        return session
