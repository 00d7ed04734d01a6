from __future__ import annotations

import base64
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import ConfigurationError, Settings
from store.encryption import (
    ContextNeeded,
    DecryptionError,
    Keyring,
    label_of,
    make_key,
)

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
VERSION_1 = (
    "0142a8d459c2de3ddba0c6d69b77d98f69ea1b7853e4c55937f10a345d34"
    "d9409e63bc4c6f5804d7cce7864f6147ba34064e7bcecc2353780e75"
)


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


@given(st.binary(), st.binary())
def test_what_was_encrypted_comes_back(plaintext: bytes, context: bytes) -> None:
    keyring = Keyring([OLD])
    assert keyring.decrypt(keyring.encrypt(plaintext, context), context) == plaintext


def test_the_same_secret_never_looks_the_same_twice() -> None:
    keyring = Keyring([OLD])
    assert keyring.encrypt(b"secret") != keyring.encrypt(b"secret")


@given(st.data())
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    keyring = Keyring([OLD])
    ciphertext = bytearray(keyring.encrypt(b"a secret", b"here"))
    place = data.draw(st.integers(0, len(ciphertext) - 1))
    ciphertext[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DecryptionError):
        keyring.decrypt(bytes(ciphertext), b"here")


@given(st.binary(max_size=60))
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(DecryptionError):
        Keyring([OLD]).decrypt(rubbish)


def test_a_secret_moved_to_another_place_is_refused() -> None:
    keyring = Keyring([OLD])
    with pytest.raises(DecryptionError):
        keyring.decrypt(keyring.encrypt(b"secret", b"connection:1"), b"connection:2")


def test_after_a_rotation_old_secrets_are_still_read_and_new_ones_use_the_new_key() -> None:
    before, during, after = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    old_secret = before.encrypt(b"secret")
    assert during.decrypt(old_secret) == b"secret"
    assert after.decrypt(during.encrypt(b"secret")) == b"secret"
    with pytest.raises(DecryptionError, match="INLAY_ENCRYPTION_KEYS"):
        after.decrypt(old_secret)


@given(st.binary(), st.binary())
def test_a_secret_moves_under_the_first_key_without_its_context(
    plaintext: bytes, context: bytes
) -> None:
    moved = Keyring([NEW, OLD]).rewrap(Keyring([OLD]).encrypt(plaintext, context))
    assert moved is not None
    after = Keyring([NEW])
    assert after.decrypt(moved, context) == plaintext
    assert after.rewrap(moved) is None
    with pytest.raises(DecryptionError):
        after.decrypt(moved, context + b"elsewhere")


def test_a_data_key_wrapped_by_one_key_does_not_pass_as_wrapped_by_another() -> None:
    old = Keyring([OLD]).encrypt(b"secret")
    moved = Keyring([NEW, OLD]).rewrap(old)
    assert moved is not None
    with pytest.raises(DecryptionError):
        Keyring([NEW, OLD]).decrypt(moved[:9] + old[9:])


def test_a_process_that_knows_the_next_key_reads_what_one_writes_that_uses_it() -> None:
    not_restarted, restarted = Keyring([OLD, NEW]), Keyring([NEW, OLD])
    assert not_restarted.decrypt(restarted.encrypt(b"secret")) == b"secret"
    assert restarted.decrypt(not_restarted.encrypt(b"secret")) == b"secret"


@given(st.data())
def test_a_changed_header_or_data_key_is_not_moved(data: st.DataObject) -> None:
    ciphertext = bytearray(Keyring([OLD]).encrypt(b"a secret"))
    ciphertext[data.draw(st.integers(0, 68))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DecryptionError):
        Keyring([NEW, OLD]).rewrap(bytes(ciphertext))


@given(st.binary(max_size=100))
def test_rubbish_is_not_moved(rubbish: bytes) -> None:
    with pytest.raises(DecryptionError):
        Keyring([NEW, OLD]).rewrap(rubbish)


def test_ciphertexts_of_version_1_are_read_and_stay() -> None:
    # Made by Inlay before it had envelopes, with the key OLD and the context `here`.
    old = bytes.fromhex(VERSION_1)
    assert label_of(old) == (1, Keyring([OLD]).key_ids[0])
    assert Keyring([NEW, OLD]).decrypt(old, b"here") == b"a secret of version 1"
    with pytest.raises(DecryptionError):
        Keyring([OLD]).decrypt(old, b"there")
    with pytest.raises(ContextNeeded):
        Keyring([NEW, OLD]).rewrap(old)
    assert Keyring([OLD, NEW]).rewrap(old) is None


def test_the_label_names_the_key_and_shows_nothing_of_it() -> None:
    ciphertext = Keyring([OLD]).encrypt(b"secret")
    assert label_of(ciphertext[:9]) == label_of(ciphertext) == (2, Keyring([OLD]).key_ids[0])
    assert bytes.fromhex(Keyring([OLD]).key_ids[0]) not in OLD
    assert label_of(b"") is label_of(ciphertext[:8]) is label_of(b"\x03" + bytes(8)) is None


def test_the_keys_of_the_settings_are_used_in_their_order(tmp_path: Path) -> None:
    settings = Settings(encryption_keys=f"{encoded(NEW)}, {encoded(OLD)}", data_dir=tmp_path)
    keyring = Keyring.from_settings(settings)
    assert Keyring([NEW]).decrypt(keyring.encrypt(b"secret")) == b"secret"
    assert keyring.decrypt(Keyring([OLD]).encrypt(b"secret")) == b"secret"
    assert not list(tmp_path.iterdir())


def test_production_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="INLAY_ENCRYPTION_KEYS is empty") as caught:
        Keyring.from_settings(Settings(environment="production", data_dir=tmp_path))
    assert "inlay keys make" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(encoded(bytes(32)), id="zeros"),
        pytest.param(encoded(b"k" * 32), id="one letter"),
        pytest.param(encoded(OLD), id="counted"),
        pytest.param(encoded(bytes(reversed(NEW))), id="counted down"),
        pytest.param(encoded(secrets.token_bytes(16) * 2), id="repeated"),
        pytest.param(encoded(b"correct horse battery staple 42!"), id="words"),
        pytest.param("changeme" * 5 + "key", id="words as base64"),
        pytest.param("this-is-a-secret-key-for-production-please1", id="a sentence as base64"),
    ],
)
@pytest.mark.parametrize("in_front", [True, False])
def test_production_refuses_a_key_that_is_not_random_without_showing_it(
    key: str, in_front: bool, tmp_path: Path
) -> None:
    ring = [key, make_key()] if in_front else [make_key(), key]
    settings = Settings(environment="production", encryption_keys=",".join(ring))
    with pytest.raises(ConfigurationError, match=f"Key {1 if in_front else 2} of") as caught:
        Keyring.from_settings(settings)
    assert key not in str(caught.value)
    assert "inlay keys make" in str(caught.value)
    development = settings.model_copy(update={"environment": "development"})
    assert len(Keyring.from_settings(development).key_ids) == 2


def test_production_takes_what_the_command_makes() -> None:
    for _ in range(1000):
        Keyring.from_settings(Settings(environment="production", encryption_keys=make_key()))


@pytest.mark.parametrize("key", ["short", "ü" * 43, "!" * 44, encoded(OLD)[:-4]])
def test_a_malformed_key_is_refused_without_showing_it(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Keyring.from_settings(Settings(encryption_keys=key, data_dir=tmp_path))
    assert key not in str(caught.value)


@pytest.mark.parametrize("layout", ["{}\n{}\n", "{},{}", "\r\n{} ,\r\n\n {}"])
def test_keys_come_from_a_file(
    layout: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    file.write_text(layout.format(encoded(NEW), encoded(OLD)), newline="")
    file.chmod(0o640)
    keyring = Keyring.from_settings(Settings(encryption_keys_file=str(file)))
    assert keyring.key_ids == Keyring([NEW, OLD]).key_ids
    assert not caplog.records


def test_a_file_that_others_may_read_is_taken_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys"
    file.write_text(encoded(NEW))
    file.chmod(0o644)
    for _ in range(2):
        keyring = Keyring.from_settings(Settings(encryption_keys_file=str(file)))
    assert keyring.key_ids == Keyring([NEW]).key_ids
    (record,) = caplog.records
    assert str(file) in record.getMessage()
    assert "chmod 0600" in record.getMessage()
    assert encoded(NEW) not in caplog.text


def test_keys_in_two_places_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(encoded(NEW))
    settings = Settings(encryption_keys=encoded(OLD), encryption_keys_file=str(file))
    with pytest.raises(ConfigurationError, match="Unset one of them") as caught:
        Keyring.from_settings(settings)
    assert encoded(OLD) not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b" ,\n\n", "holds no key"),
        (b"\x00\xff" * 20, "each key must be 32 bytes"),
        (b"-----BEGIN PRIVATE KEY-----\nMIIEvQ\n", "each key must be 32 bytes"),
        (b"A" * 100_000, "too large"),
    ],
)
def test_a_file_without_keys_is_refused_with_its_name(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        Keyring.from_settings(Settings(encryption_keys_file=str(file), data_dir=tmp_path))
    assert "INLAY_ENCRYPTION_KEYS_FILE" in str(caught.value)
    assert "MIIEvQ" not in str(caught.value)


def test_a_folder_is_no_file_of_keys(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Keyring.from_settings(Settings(encryption_keys_file=str(tmp_path)))


def test_an_empty_file_name_means_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INLAY_ENCRYPTION_KEYS_FILE", "")
    monkeypatch.setenv("INLAY_ENCRYPTION_KEYS", encoded(NEW))
    assert Keyring.from_settings(Settings()).key_ids == Keyring([NEW]).key_ids


def test_development_makes_one_key_and_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secret = Keyring.from_settings(settings).encrypt(b"secret")
    assert Keyring.from_settings(settings).decrypt(secret) == b"secret"
    (file,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_share_the_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from settings import Settings;"
        "from store.encryption import Keyring; sys.stdin.read();"
        "k = Keyring.from_settings(Settings(data_dir=Path(sys.argv[1])));"
        "sys.stdout.buffer.write(k.encrypt(b'secret'))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("INLAY_")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    written = [process.communicate()[0] for process in processes]
    keyring = Keyring.from_settings(Settings(data_dir=tmp_path))
    assert [keyring.decrypt(secret) for secret in written] == [b"secret"] * 4
    assert [file.name for file in tmp_path.iterdir()] == ["encryption.key"]
