"""The apps that this installation knows: the built-in ones and those of an operator's folders."""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from pydantic import ValidationError

from automations.sentences import message_of_error
from connectors.manifest import App, AppPart, Component, Trigger
from connectors.templates import compiled_parts
from connectors.translations import LANGUAGE, Unfit, translated
from connectors.triggers import AppWebhookSource, InboundSource, ScheduleSource, WebhookSource
from connectors.urls import places
from settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.request import Request
    from connectors.templates import Expression, Template

logger = logging.getLogger(__name__)

BUILT_IN = Path(__file__).parent / "apps"
MAX_FILE_BYTES = 1_000_000
ENGLISH = "en"
"""What manifests are written in."""
PLACES = {"components": "actions", "triggers": "triggers", "options": "options"}
"""In which folder of an app which of its parts stand, one file each."""


class ManifestError(Exception):
    """A manifest is not valid; the message names the file and the place in it."""


class Faulty(NamedTuple):
    """What is wrong with an app of an operator's folder, which is missing because of it."""

    app_key: str
    fault: str
    """The file in the app's folder, the line, and what stands there: `app.yaml:3: name: …`."""


class Catalogue:
    """All apps by key; immutable. `faults`: why apps of an operator's folders are missing."""

    def __init__(
        self, apps: Sequence[App], faults: Sequence[str] = (), faulty: Sequence[Faulty] = ()
    ) -> None:
        self.faults = tuple(faults)
        self.faulty = tuple(faulty)
        """The same as people may see it who do not run this installation."""
        self.apps: Mapping[str, App] = MappingProxyType({app.key: app for app in apps})
        self._components = {c.key: c for app in apps for c in app.components}
        self._triggers = {t.key: t for app in apps for t in app.triggers}

    @property
    def languages(self) -> frozenset[str]:
        """The languages that any app has texts in."""
        return frozenset({ENGLISH}).union(*(app.languages for app in self.apps.values()))

    def app(self, key: str) -> App | None:
        """The app, if there is one of that key."""
        return self.apps.get(key)

    def component(self, key: str) -> Component | None:
        """The component of the key `<app-key>.<name>`, if there is one."""
        return self._components.get(key)

    def trigger(self, key: str) -> Trigger | None:
        """The trigger of the key `<app-key>.<name>`, if there is one."""
        return self._triggers.get(key)


def load_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """The built-in apps and those in `folders`; a later app replaces one of the same key.

    An app of `folders` that cannot be read is missing, and so is the one that it was to replace:
    what is wrong is one of the catalogue's `faults`. Raises `ManifestError` where a folder is none.
    """
    apps: dict[str, App] = {}
    faults: list[str] = []
    faulty: list[Faulty] = []
    for folder in (BUILT_IN, *folders):
        if not folder.is_dir():
            raise ManifestError(f"{folder} is no folder: correct INLAY_CONNECTOR_DIRS")
        try:
            app_folders = sorted(p for p in folder.iterdir() if (p / "app.yaml").is_file())
        except OSError as error:
            raise ManifestError(f"{folder} cannot be read: {error.strerror}") from None
        for app_folder in app_folders:
            try:
                app = load_app(app_folder)
            except ManifestError as error:
                if folder == BUILT_IN:
                    raise
                lines = str(error).splitlines()
                faults += lines
                inside = f"{app_folder}{os.sep}"
                faulty += [Faulty(app_folder.name, line.removeprefix(inside)) for line in lines]
                apps.pop(app_folder.name, None)
            else:
                apps[app.key] = app
    return Catalogue(list(apps.values()), faults, faulty)


@lru_cache
def catalogue_of(connector_dirs: str) -> Catalogue:
    """The built-in apps and those in the folders of the setting `connector_dirs`.

    What is wrong with a manifest is logged, a line each. Raises `ConfigurationError`.
    """
    try:
        found = load_catalogue([Path(part) for part in connector_dirs.split(os.pathsep) if part])
    except ManifestError as error:
        raise ConfigurationError(str(error)) from None
    for fault in found.faults:
        logger.error("An app is missing: %s", fault)
    return found


def load_app(folder: Path) -> App:
    """The app of one folder; raises `ManifestError`."""
    document = read_app(folder)
    try:
        try:
            app = App.model_validate(document)
        except ValidationError as error:
            raise ManifestError("\n".join(_faults(error, folder, document))) from error
        for path in sorted(folder.glob("*.yaml")):
            if path.stem != "app":
                _translate(app, path)
    except ManifestError:
        raise
    except Exception as error:
        # Whatever is written there, only this app may be missing because of it.
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ManifestError(f"{folder / 'app.yaml'}:1: the app cannot be read: {told}") from error
    return app


def _translate(app: App, path: Path) -> None:
    """Takes the texts of a translation; raises `ManifestError`."""
    if not LANGUAGE.fullmatch(path.stem):
        raise ManifestError(f"{path}: beside app.yaml stand translations, called as tr.yaml is")
    try:
        app.translate(path.stem, translated(app, _read(path)))
    except Unfit as error:
        line, _ = _position(path, error.place)
        raise ManifestError(f"{path}:{line}: {'.'.join(error.place)}: {error}") from None


def read_app(folder: Path) -> dict[str, Any]:
    """The manifest of one folder as plain data, not yet validated; raises `ManifestError`."""
    source = folder / "app.yaml"
    document = _read(source)
    if document.get("key") != folder.name:
        line, _ = _position(source, ["key"])
        raise ManifestError(f"{source}:{line}: key: must be the folder's name, {folder.name!r}")
    for name, place in PLACES.items():
        if name in document:
            line, _ = _position(source, [name])
            told = f"{name}: each stands in its own file in {place}/"
            raise ManifestError(f"{source}:{line}: {told}")
        document[name] = []
        for path in sorted((folder / place).glob("*.yaml")):
            part = _read(path)
            if "key" in part:
                line, _ = _position(path, ["key"])
                raise ManifestError(f"{path}:{line}: key: leave it out, it is the file's name")
            document[name].append({**part, "key": f"{folder.name}.{path.stem}"})
    logo = folder / "logo.svg"
    if logo.is_file():
        document["logo"] = _text(logo)
    return document


def _faults(error: ValidationError, folder: Path, document: dict[str, Any]) -> list[str]:
    """Pydantic's faults, each with the file, the line and the path inside it."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        path, place = folder / "app.yaml", list(fault["loc"])
        message: str = message_of_error(fault)
        if len(place) > 1 and place[0] in PLACES and isinstance(place[1], int):
            path = _file_of(folder, str(place[0]), document[str(place[0])][place[1]])
            place = place[2:]
        elif not place:
            # What is said of the whole app may name the part, or the member, that it is about.
            named, _, rest = message.partition(": ")
            parts = [(kind, part) for kind in PLACES for part in document[kind]]
            about = next((one for one in parts if rest and one[1]["key"] == named), None)
            if about is not None:
                path, message = _file_of(folder, *about), rest
                named, _, rest = message.partition(": ")
            if rest and named.isidentifier():
                place, message = [named], rest
        line, written = _position(path, place)
        lacking = [str(place[-1])] if fault["type"] == "missing" else []
        where = ".".join([*written, *lacking])
        told = f"{where}: {message}" if where else message
        lines.append(f"{path}:{line}: {told}")
    return lines


def _file_of(folder: Path, kind: str, part: Mapping[str, Any]) -> Path:
    return folder / PLACES[kind] / f"{part['key'].partition('.')[2]}.yaml"


def _position(path: Path, place: Sequence[Any]) -> tuple[int, list[str]]:
    """The line of a place in a file, and those of its steps that are written there.

    The model's own steps, such as the name of a union's member, stand in no file.
    """
    try:
        node: Any = yaml.compose(path.read_text("utf-8-sig"), _Loader)
    except (yaml.YAMLError, OSError, ValueError):
        return 1, []
    line, written = node.start_mark.line, list[str]()
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(step)), None)
            if found is not None:
                line, node = found[0].start_mark.line, found[1]
                written.append(str(step))
        elif isinstance(node, yaml.SequenceNode) and step in range(len(node.value)):
            node = node.value[step]
            line = node.start_mark.line
            written.append(str(step))
    return line + 1, written


class _Loader(yaml.SafeLoader):
    """YAML without anchors and with each key once, so that no file can surprise its reader."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # the stub lacks it
            raise yaml.MarkedYAMLError(None, None, "aliases are not allowed", event.start_mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:  # a date or a number that there is not
            raise yaml.MarkedYAMLError(None, None, str(error), node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if names.count(key.value) > 1:
                problem = f"{key.value!r} stands here twice"
                raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = error.problem or error.context
        raise ManifestError(f"{path}:{line}: no valid YAML: {what}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{error.character:04X} is not allowed"
        raise ManifestError(f"{path}:{line}: no valid YAML: {what}") from error
    except (yaml.YAMLError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise ManifestError(f"{path}:1: no valid YAML: {what}") from error
    if not isinstance(document, dict):
        raise ManifestError(f"{path}:1: must be a mapping")
    return document


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ManifestError(f"{path}:1: larger than {MAX_FILE_BYTES} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}:1: cannot be read: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ManifestError(f"{path}:{line}: no text in UTF-8") from error


def check_manifests(catalogue: Catalogue | None = None) -> list[str]:
    """What is doubtful in manifests that load: one sentence each, empty when all is well.

    Checks what people see (names, descriptions, titles), that fields of the form and inputs are
    used, that OAuth components, triggers and options ask for scopes, that options are used, and
    that a trigger's sample is an event of its output_schema.
    """
    faults = []
    for app in (catalogue or load_catalogue()).apps.values():
        if not app.description or not app.categories:
            faults.append(f"{app.key}: needs a description and categories")
        for component in app.components:
            found = _doubts(component, _inputs_read(component))
            faults += [f"{component.key}: {fault}" for fault in found]
        faults += _doubts_of_options(app)
        for trigger in app.triggers:
            found = [*_doubts(trigger, _inputs_of_trigger(trigger)), *_doubts_of_sample(trigger)]
            faults += [f"{trigger.key}: {fault}" for fault in found]
    return faults


def _doubts(part: AppPart, read: set[str]) -> list[str]:
    faults = []
    if not part.description:
        faults.append("needs a description")
    if part.app.auth.type == "oauth2" and not part.scopes:
        faults.append("needs scopes")
    if not part.output_schema:
        faults.append("needs an output_schema")
    properties = part.input_schema.get("properties", {})
    faults += [f"there is no input {name}" for name in sorted(read - set(properties))]
    chosen = [part.app.options_of(part, name) for name in part.options]
    # An input may be there only so that another one can be chosen.
    read = read.union(*(options.depends_on for options in chosen if options))
    for name, schema in properties.items():
        if not schema.get("title"):
            faults.append(f"input {name} needs a title")
        if name not in read:
            faults.append(f"input {name} is not used")
    return faults


def _doubts_of_options(app: App) -> list[str]:
    chosen = {name for part in app.parts for name in part.options.values()}
    faults = []
    for options in app.options:
        if app.auth.type == "oauth2" and not options.scopes:
            faults.append(f"{options.key}: needs scopes")
        if options.key.partition(".")[2] not in chosen:
            faults.append(f"{options.key}: no input is chosen from it")
    return faults


def _doubts_of_sample(trigger: Trigger) -> list[str]:
    if trigger.sample is None:
        return ["needs a sample"]
    fault = best_match(Draft202012Validator(trigger.output_schema).iter_errors(trigger.sample))
    if fault is None:
        return []
    place = ".".join(str(step) for step in fault.absolute_path)
    return [
        f"the sample does not fit the output_schema: {place + ': ' if place else ''}{fault.message}"
    ]


def _inputs_read(component: Component) -> set[str]:
    """The inputs that the component's templates, expressions and paths read."""
    app, pages, again = component.app, component.pagination, component.already_done
    parts: list[Template | Expression | None] = [component.output, *app.path_values.values()]
    for rule in (*component.errors, *app.errors):
        parts += [rule.when, rule.message]
    if pages is not None:
        parts += [pages.records, pages.next, pages.limit]
    requests = [component.request, *([again.request] if again else [])]
    return _named(app, requests, [part for part in parts if part is not None])


def _inputs_of_trigger(trigger: Trigger) -> set[str]:
    """The inputs that the trigger reads; of `schedule` and `inbound` they are read elsewhere."""
    source = trigger.source
    if isinstance(source, ScheduleSource | InboundSource):
        return set(trigger.input_schema.get("properties", {}))
    requests: list[Request | None] = []
    if isinstance(source, WebhookSource) and source.subscription is not None:
        asked = source.subscription
        requests += [asked.create, asked.renew, asked.delete]
    if isinstance(source, WebhookSource | AppWebhookSource):
        requests.append(source.incoming.fetch)
    poll = None if isinstance(source, AppWebhookSource) else source.poll
    if poll is not None:
        requests.append(poll.request)
    read = _named(trigger.app, [one for one in requests if one], [*compiled_parts(source)])
    return read | (
        {"interval"} & set(trigger.input_schema.get("properties", {})) if poll else set()
    )


def _named(
    app: App, requests: Sequence[Request], parts: Sequence[Template | Expression]
) -> set[str]:
    """The inputs that requests and other parts name."""
    names: set[str] = set()
    for request in requests:
        names |= set(places(request.path or "")) - set(app.path_values) - set(request.path_values)
    for part in (*parts, *(part for request in requests for part in compiled_parts(request))):
        names |= {path[1] for path in part.references if path[0] == "inputs" and path[1:]}
    return names
