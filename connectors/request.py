"""One HTTP request as a manifest describes it."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from connectors.headers import check_name
from connectors.templates import Template

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class Part(BaseModel):
    """What all parts of a manifest have in common: strict, frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Content(Part):
    """What a request carries, wherever it goes. Null values of keys written here are left out."""

    method: Template = Field(default_factory=lambda: Template("GET"))
    query: Template = Field(default_factory=lambda: Template({}))
    headers: Template = Field(default_factory=lambda: Template({}))
    json_body: Template | None = Field(None, validation_alias=AliasChoices("json", "json_body"))
    form: Template | None = None
    """application/x-www-form-urlencoded; a list repeats its key."""
    body: Template | None = None
    """Text is sent as it is (set a content-type header), any other value as JSON."""

    @model_validator(mode="after")
    def _method_fits(self) -> Content:
        method = self.method.source
        if method not in METHODS and not (isinstance(method, str) and "{{" in method):
            raise ValueError(f"`method` is one of {', '.join(METHODS)}")
        given = (self.json_body, self.form, self.body)
        # What is one expression may be null, and so leave the place to another kind.
        if sum(part is not None and not _may_be_null(part.source) for part in given) > 1:
            raise ValueError("give only one of `json`, `form` and `body`")
        return self

    @field_validator("headers")
    @classmethod
    def _headers_can_be_set(cls, headers: Template) -> Template:
        for name in headers.source if isinstance(headers.source, dict) else ():
            check_name(str(name))
        return headers


def _may_be_null(source: object) -> bool:
    return isinstance(source, str) and source.strip().startswith("{{")


class Request(Content):
    """One HTTP request to the app."""

    path: str | None = None
    """After the app's base URL; `{name}` is the input of that name or one of `path_values`."""
    path_values: dict[str, Template] = Field(default_factory=dict)
    url: Template | None = None
    """Instead of `path`: an absolute URL. The credential goes only to the base URL's origin."""

    @model_validator(mode="after")
    def _fits(self) -> Request:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` or `url`")
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError("`path` begins with a slash")
        return self
