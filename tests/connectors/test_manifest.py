"""Manifests: what is wrong in one is said with its file and place; editors get a schema."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from connectors.catalogue import (
    BUILT_IN,
    ManifestError,
    catalogue_of,
    check_manifests,
    load_app,
    load_catalogue,
)
from connectors.manifest import JsonSchema, manifest_schema
from connectors.masking import MASK, mask
from settings import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
key: shop
name: Shop
base_url: https://shop.example
"""
ACTION = """\
name: Act
input_schema:
  type: object
  properties:
    id: {type: string}
request:
  path: /orders/{id}
"""

OAUTH = """
auth:
  type: oauth2
  register_url: {}
  authorize: {{url: https://shop.example/authorize}}
  token: {{url: https://shop.example/token}}
"""


def write(folder: Path, app: str = APP, action: str = ACTION) -> Path:
    actions = folder / "shop" / "actions"
    actions.mkdir(parents=True)
    (folder / "shop" / "app.yaml").write_text(app, "utf-8")
    (actions / "act.yaml").write_text(action, "utf-8")
    return folder


def test_the_built_in_apps_are_complete() -> None:
    catalogue = load_catalogue()
    assert set(catalogue.apps) == {
        *("http", "webhook", "schedule", "google-calendar", "cubicl", "twilio"),
        *("github", "slack", "asana", "microsoft-outlook", "stripe"),
    }
    assert check_manifests(catalogue) == []


def test_a_folder_is_found_by_being_there(tmp_path: Path) -> None:
    catalogue = load_catalogue([write(tmp_path)])
    app, component = catalogue.app("shop"), catalogue.component("shop.act")
    assert app is not None
    assert component is not None
    assert (component.app, component.app_key) == (app, "shop")
    assert catalogue.app("nothing") is None
    assert catalogue.component("shop.nothing") is None


def test_an_operators_app_replaces_the_built_in_one(tmp_path: Path) -> None:
    shutil.copytree(BUILT_IN / "http", tmp_path / "http")
    path = tmp_path / "http" / "app.yaml"
    path.write_text(path.read_text("utf-8").replace("name: HTTP", "name: Ours"), "utf-8")
    assert load_catalogue([tmp_path]).apps["http"].name == "Ours"


@pytest.mark.parametrize(
    ("app", "action", "where"),
    [
        (APP + "nmae: x\n", ACTION, "app.yaml: nmae: There is no field `nmae` here"),
        (APP + "auth: {type: magic}\n", ACTION, "app.yaml: auth: "),
        (APP.replace("shop\n", "shops\n", 1), ACTION, "app.yaml: key: must be the folder's name"),
        (APP + "error_message: body.\n", ACTION, "app.yaml: error_message: "),
        *(
            (APP + OAUTH.format(url), ACTION, "app.yaml: auth.register_url: ")
            for url in ("http://shop.example/apps", "javascript:alert(1)//https://shop.example")
        ),
        (APP, ACTION + "  query: {a: '{{ inputs. }}'}\n", "act.yaml: request.query: "),
        (APP, ACTION + "  qeury: {}\n", "act.yaml: request.qeury: There is no field `qeury` here"),
        (APP, ACTION + "timeout: soon\n", "act.yaml: timeout: "),
        (APP, ACTION.replace("{id}", "{ident}"), "no input is named 'ident'"),
        (
            APP,
            ACTION.replace("string", "strnig"),
            "act.yaml: input_schema: no valid JSON Schema at",
        ),
        (APP, ACTION + "  method: FETCH\n", "act.yaml: request: `method` is one of"),
        (APP, ACTION + "  url: https://a.example\n", "give either `path` or `url`"),
        (APP, ACTION + "errors: [{kind: fatal}]\n", "act.yaml: errors.0: give `statuses`"),
        (APP, ACTION + "errors: [{kind: bad, statuses: [1]}]\n", "act.yaml: errors.0.kind: "),
        (APP, ACTION + "pagination: {type: cursor, records: body}\n", "a cursor needs `next`"),
        (APP, "key: x\n" + ACTION, "act.yaml: key: leave it out"),
        (APP, ACTION + "name: Twice\n", "'name' stands here twice"),
        (APP, "a: &a [1]\nb: *a\n" + ACTION, "aliases are not allowed"),
        (APP, "- 1\n", "act.yaml: must be a mapping"),
        (APP, "{", "act.yaml: no valid YAML"),
        (APP, "!!python/object/apply:os.system [id]\n", "act.yaml: no valid YAML"),
        (APP.replace("base_url: https://shop.example\n", ""), ACTION, "needs the app's `base_url`"),
        # What would load and then fail in a run.
        (
            APP,
            ACTION + "  query: {a: '{{ input.id }}'}\n",
            "act.yaml: there is no `input` in {'a': '{{ input.id }}'}: did you mean `inputs`?",
        ),
        (APP, ACTION + "output: '{{ resp }}'\n", "there is no `resp` in"),
        (
            APP,
            ACTION + "  query: {a: '{{ inputs.idd }}'}\n",
            "act.yaml: there is no input 'idd' in",
        ),
        (
            APP,
            ACTION + "  json: {a: 1}\n  form: {b: 2}\n",
            "act.yaml: request: give only one of `json`, `form` and `body`",
        ),
        (APP, ACTION + "  method: '{{ inputs.id }}'\n", "act.yaml: request: the `method`"),
        (
            APP,
            ACTION.replace("{type: string}", "{type: string, pattern: '('}"),
            "act.yaml: input_schema: no valid JSON Schema at properties.id.pattern",
        ),
    ],
)
def test_faults_name_the_file_and_the_place(
    tmp_path: Path, app: str, action: str, where: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        load_app(write(tmp_path, app, action) / "shop")
    assert where in re.sub(r"\.yaml:\d+: ", ".yaml: ", str(caught.value))
    assert str(tmp_path / "shop") in str(caught.value)


@pytest.mark.parametrize(
    ("app", "action", "where"),
    [
        ("", "timeout: soon\n", "actions/act.yaml:{last}: timeout: "),
        ("", "errors:\n  - kind: bad\n", "actions/act.yaml:{last}: errors.0.kind: "),
        ("", "nmae: x\n", "actions/act.yaml:{last}: nmae: "),
        ("", "{", "actions/act.yaml:{last}: no valid YAML: "),
        ("nmae: x\n", "", "app.yaml:{last}: nmae: "),
        # What the model calls the member of a union stands in no file.
        (
            "auth:\n  type: api_key\n  fields: [{name: a}]\n  verify: {path: x}\n",
            "",
            "app.yaml:{last}: auth.verify: ",
        ),
        # What is said of the app as a whole is about a part of it.
        ("", "options: {id: nothing}\n", "actions/act.yaml:{last}: options: "),
    ],
)
def test_a_fault_is_found_by_its_line(tmp_path: Path, app: str, action: str, where: str) -> None:
    folder = write(tmp_path, APP + app, ACTION + action) / "shop"
    last = len(((APP + app) if app else ACTION + action).splitlines())
    with pytest.raises(ManifestError) as caught:
        load_app(folder)
    assert str(folder / where.format(last=last)) in f"{caught.value} "


@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        (
            "app.yaml",
            APP.encode() + b"description: 2026-13-45\n",
            "app.yaml:{last}: no valid YAML: ",
        ),
        (
            "app.yaml",
            APP.encode() + b"description: " + b"9" * 5000,
            "app.yaml:{last}: no valid YAML",
        ),
        ("app.yaml", APP.encode() + b"description: \x01\n", "app.yaml:{last}: no valid YAML: the "),
        ("app.yaml", APP.encode() + b"description: \xff\n", "app.yaml:{last}: no text in UTF-8"),
        ("app.yaml", b"# The shop\nkey: other\n", "app.yaml:2: key: must be the folder's name"),
        ("app.yaml", APP.encode() + b"triggers: []\n", "app.yaml:{last}: triggers: each stands"),
        ("actions/act.yaml", b"- 1\n", "actions/act.yaml:1: must be a mapping"),
        (
            "actions/act.yaml",
            ACTION.encode() + b"key: act\n",
            "actions/act.yaml:{last}: key: leave",
        ),
        ("actions/act.yaml", b" " * 1_000_001, "actions/act.yaml:1: larger than 1000000 bytes"),
        ("logo.svg", b"<svg>\n\xff</svg>", "logo.svg:2: no text in UTF-8"),
    ],
)
def test_whatever_stands_in_a_file_only_its_app_is_missing_and_the_line_is_told(
    tmp_path: Path, name: str, content: bytes, where: str
) -> None:
    (write(tmp_path) / "shop" / name).write_bytes(content)
    catalogue = load_catalogue([tmp_path])
    assert set(catalogue.apps) == set(load_catalogue().apps)
    [fault] = catalogue.faults
    last = len(content.splitlines())
    assert fault.startswith(str(tmp_path / "shop" / where.format(last=last)))
    [faulty] = catalogue.faulty
    assert faulty.app_key == "shop"
    assert faulty.fault.startswith(where.format(last=last))


def test_a_fault_that_nobody_foresaw_is_told_of_its_app_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise KeyError("surprise")

    folder = write(tmp_path)
    monkeypatch.setattr("connectors.catalogue.BUILT_IN", tmp_path / "none")
    (tmp_path / "none").mkdir()
    monkeypatch.setattr("connectors.catalogue.App.model_validate", fail)
    [fault] = load_catalogue([folder]).faults
    assert (
        fault == f"{folder / 'shop' / 'app.yaml'}:1: the app cannot be read: KeyError: 'surprise'"
    )


def test_a_faulty_app_of_a_folder_is_missing_and_takes_no_other_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, APP, ACTION + "timeout: soon\n")
    for name, text in (("binary", b"\xff\xfe\x00"), ("deep", b"[" * 5000), ("github", b"{")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.yaml").write_bytes(text)
    catalogue_of.cache_clear()
    catalogue = catalogue_of(str(tmp_path))
    missing = {"shop", "binary", "deep", "github"}
    assert missing.isdisjoint(catalogue.apps)
    assert set(load_catalogue().apps) - missing == set(catalogue.apps)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(catalogue.faults) == 4
    assert any("shop/actions/act.yaml:" in line and "timeout" in line for line in lines)
    assert not any("\n" in line for line in lines)
    with pytest.raises(ConfigurationError, match="correct INLAY_CONNECTOR_DIRS"):
        catalogue_of(str(tmp_path / "nowhere"))


def test_doubts_are_found(tmp_path: Path) -> None:
    action = ACTION.replace("{id}", "fixed")
    doubts = "\n".join(check_manifests(load_catalogue([write(tmp_path, action=action)])))
    assert "shop.act: input id is not used" in doubts
    assert "shop.act: needs a description" in doubts


def test_editors_get_a_schema_that_fits_the_built_in_apps() -> None:
    schema = manifest_schema()
    validators = {name: jsonschema.Draft202012Validator(part) for name, part in schema.items()}
    files = [("app", path) for path in BUILT_IN.glob("*/app.yaml")]
    files += [("action", path) for path in BUILT_IN.glob("*/actions/*.yaml")]
    files += [("trigger", path) for path in BUILT_IN.glob("*/triggers/*.yaml")]
    files += [("options", path) for path in BUILT_IN.glob("*/options/*.yaml")]
    assert len(files) > 20
    for kind, path in files:
        errors = list(validators[kind].iter_errors(yaml.safe_load(path.read_text("utf-8"))))
        assert errors == [], path
    assert not validators["app"].is_valid({"key": "a", "name": "A", "nmae": 1})
    assert not validators["action"].is_valid({"name": "A", "request": {"pth": "/"}})


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "key": {"type": "string", "secret": True},
        "pass": {"type": "string", "format": "password"},
        "list": {"type": "array", "items": {"properties": {"pin": {"secret": True}}}},
        "map": {"type": "object", "additionalProperties": {"secret": True}},
        "any": {"anyOf": [{"type": "string"}, {"properties": {"pin": {"secret": True}}}]},
    },
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"name": "n", "key": "k"}, {"name": "n", "key": MASK}),
        ({"pass": {"deep": 1}}, {"pass": MASK}),
        ({"key": None}, {"key": None}),
        ({"list": [{"pin": 1, "x": 2}]}, {"list": [{"pin": MASK, "x": 2}]}),
        ({"map": {"a": 1}}, {"map": {"a": MASK}}),
        ({"any": {"pin": 1}}, {"any": {"pin": MASK}}),
        ({"unknown": 1}, {"unknown": 1}),
        ("no object", "no object"),
    ],
)
def test_masking(value: Any, shown: Any) -> None:
    assert mask(SCHEMA, value) == shown


@pytest.mark.parametrize(
    "definitions",
    [
        {"a0": {}}
        | {f"a{i}": {"oneOf": [{"$ref": f"#/$defs/a{i - 1}"}] * 2} for i in range(1, 20)},
        {"a19": {"$ref": "#/$defs/a19"}},
        {"a19": {"$ref": "http://127.0.0.1/x"}},
    ],
    ids=["doubling", "circle", "elsewhere"],
)
def test_a_schema_that_is_too_much_to_check_is_not_loaded(definitions: dict[str, Any]) -> None:
    properties = {"x": {"$ref": "#/$defs/a19"}}
    schema = {"type": "object", "$defs": definitions, "properties": properties}
    with pytest.raises(ValueError, match="too much to check"):
        TypeAdapter(JsonSchema).validate_python(schema)
