"""What people read of an app in their language stands beside its manifest."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from connectors.catalogue import BUILT_IN, Catalogue, ManifestError, load_app, load_catalogue
from connectors.translations import texts_of

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console/src/locales"
SHOWN = ("docs/connectors.md", "docs/triggers.md", "examples/tracker/connector/tracker/app.yaml")
CATALOGUE = load_catalogue()


@pytest.mark.parametrize("key", CATALOGUE.apps)
def test_each_app_of_ours_can_be_read_in_turkish(key: str) -> None:
    app = CATALOGUE.apps[key]
    turkish = texts_of(app.in_language("tr"))
    english = texts_of(app)
    assert turkish.keys() == english.keys()
    same = [".".join(place) for place, text in english.items() if turkish[place] == text]
    # Names such as URL are the same in both.
    assert len(same) <= len(english) // 5, same


@pytest.mark.parametrize("language", ["en", "tr"])
def test_each_category_of_ours_has_a_name_in_the_console(language: str) -> None:
    words = json.loads((CONSOLE / language / "settings.json").read_text("utf-8"))
    categories = {name for app in CATALOGUE.apps.values() for name in app.categories}
    for place in SHOWN:
        text = (ROOT / place).read_text("utf-8")
        categories.update(re.findall(r"^categories: \[(.+)\]$", text, re.MULTILINE))
    assert {f"category_{name}" for name in categories} <= words.keys()


def _shop(tmp_path: Path, translation: str, name: str = "tr.yaml") -> Path:
    folder = tmp_path / "schedule"
    shutil.copytree(BUILT_IN / "schedule", folder, ignore=shutil.ignore_patterns("tr.yaml"))
    (folder / name).write_text(translation, "utf-8")
    return folder


def test_what_is_left_out_stays_as_the_manifest_has_it(tmp_path: Path) -> None:
    german = "triggers:\n  cron:\n    name: Zu festen Zeiten\n"
    app = load_app(_shop(tmp_path, german, "de.yaml"))
    (cron,) = [part for part in app.in_language("de").triggers if part.key == "schedule.cron"]
    assert cron.name == "Zu festen Zeiten"
    assert app.in_language("de").description == app.description
    assert app.in_language("fr") is app
    assert Catalogue([app]).languages == {"en", "de"}


@pytest.mark.parametrize(
    ("translation", "name", "fault"),
    [
        (
            "triggers:\n  crown:\n    name: x\n",
            "tr.yaml",
            "tr.yaml:3: triggers.crown.name: the app",
        ),
        ("description: x\nname: Zaman\n", "tr.yaml", "tr.yaml:2: name: the app has no such text"),
        ("description: [1]\n", "tr.yaml", "tr.yaml:1: description: this must be a text"),
        ("description: 'x'\n", "turkish_.yaml", "beside app.yaml stand translations"),
    ],
)
def test_what_does_not_belong_there_is_told_with_its_line(
    tmp_path: Path, translation: str, name: str, fault: str
) -> None:
    with pytest.raises(ManifestError, match=fault.replace("[", r"\[")):
        load_app(_shop(tmp_path, translation, name))
