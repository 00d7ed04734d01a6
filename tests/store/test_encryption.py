from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings import Settings
from store.encryption import ConfigurationError, DecryptionError, Keyring

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


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


def test_the_keys_of_the_settings_are_used_in_their_order(tmp_path: Path) -> None:
    settings = Settings(encryption_keys=f"{encoded(NEW)}, {encoded(OLD)}", data_dir=tmp_path)
    keyring = Keyring.from_settings(settings)
    assert Keyring([NEW]).decrypt(keyring.encrypt(b"secret")) == b"secret"
    assert keyring.decrypt(Keyring([OLD]).encrypt(b"secret")) == b"secret"
    assert not list(tmp_path.iterdir())


def test_production_without_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="INLAY_ENCRYPTION_KEYS is empty"):
        Keyring.from_settings(Settings(environment="production", data_dir=tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["short", "ü" * 43, "!" * 44, encoded(OLD)[:-4]])
def test_a_malformed_key_is_refused_without_showing_it(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Keyring.from_settings(Settings(encryption_keys=key, data_dir=tmp_path))
    assert key not in str(caught.value)


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
    secrets = [process.communicate()[0] for process in processes]
    keyring = Keyring.from_settings(Settings(data_dir=tmp_path))
    assert [keyring.decrypt(secret) for secret in secrets] == [b"secret"] * 4
    assert [file.name for file in tmp_path.iterdir()] == ["encryption.key"]
