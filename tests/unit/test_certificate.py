"""A certificate can be printed, fetched and verified offline by whoever holds it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from gateway.cli.app import app
from gateway.cli.release import COPIES
from gateway.release import certificate
from gateway.release.releasing import Released
from gateway.release.tables import releases
from gateway.web.record_words import LANGUAGES
from tests.fakes.released import CONTEST, HOME, OTHER, PERSONAL, Life, Window

RUN = CliRunner()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    lived = Life(tmp_path_factory.mktemp("life"))
    lived.happen()
    yield lived
    lived.kill()


@pytest.fixture(scope="module")
def released(life: Life) -> Released:
    return life.release()


@pytest.fixture
def client(life: Life) -> Iterator[httpx.Client]:
    with Window(life).client() as opened:
        yield opened


@pytest.fixture
def files(tmp_path: Path, client: httpx.Client, released: Released) -> tuple[str, str]:
    """The certificate and the public key, as a browser fetches them."""
    one, key = tmp_path / "certificate.json", tmp_path / "key.pem"
    one.write_bytes(client.get(f"/certificates/{released.certificate['id']}.json").content)
    key.write_bytes(client.get("/certificate-key").content)
    return str(one), str(key)


def verified(*words: str) -> tuple[int, str]:
    """What the command says, on a machine where there is no gateway and no configuration."""
    result = RUN.invoke(app, ["certificate", "verify", *words, "--config", "/nowhere.toml"])
    return result.exit_code, result.output


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_can_be_printed_and_names_nobody(
    client: httpx.Client, released: Released, lang: str
) -> None:
    answer = client.get(f"/certificates/{released.certificate['id']}?lang={lang}")
    assert LANGUAGES[lang].certificate in answer.text
    assert certificate.digest(released.certificate) in answer.text
    assert "<svg" in answer.text
    assert "<script" not in answer.text
    for personal in (*PERSONAL, HOME, "南岭村"):
        assert personal not in answer.text


def test_every_class_of_data_is_named_in_both_languages(released: Released) -> None:
    for words in LANGUAGES.values():
        assert set(released.certificate["counts"]) <= set(words.classes)


def test_what_is_fetched_holds_offline(files: tuple[str, str], released: Released) -> None:
    one, key = files
    status, said = verified(one, "--key", key)
    assert (status, "holds" in said, "not destroyed yet" in said) == (0, True, True)
    tied = verified(one, "--key", key, "--code", released.code, "--home", HOME)
    assert (tied[0], "it is about that home" in tied[1]) == (0, True)
    assert verified(one, "--key", key, "--code", released.code, "--home", OTHER)[0] == 1


def test_a_changed_count_is_found(files: tuple[str, str], tmp_path: Path) -> None:
    one, key = files
    changed = json.loads(Path(one).read_text(encoding="ascii"))
    changed["counts"]["texts"] = 0
    forged = tmp_path / "forged.json"
    forged.write_text(json.dumps(changed), encoding="ascii")
    status, said = verified(str(forged), "--key", key)
    assert status == 1
    assert "altered" in said


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"id":1,"id":2}', b"[" * 9000]
)
def test_what_is_no_certificate_is_said_to_be_none(
    files: tuple[str, str], tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(content)
    status, said = verified(str(other), "--key", files[1])
    assert status == 1
    assert "no certificate" in said


def test_a_key_that_is_none_is_refused_in_words(files: tuple[str, str]) -> None:
    status, said = verified(files[0], "--key", files[0])
    assert status == 2
    assert "Traceback" not in said


def test_a_certificate_nobody_issued_is_not_found(client: httpx.Client) -> None:
    for path in ("/certificates/0123", "/certificates/0123.json", "/api/v1/certificates/0123"):
        assert client.get(path).status_code == 404


def test_the_proof_replaces_the_promise_under_its_number(
    client: httpx.Client, released: Released, life: Life
) -> None:
    """Runs last: it lets the time for contesting pass."""
    life.passes(CONTEST)
    proof = client.get(f"/api/v1/certificates/{released.certificate['id']}").json()
    assert proof["stage"] == "destroyed"
    assert proof["released_on"] == released.certificate["released_on"]
    public = certificate.read_public(client.get("/certificate-key").content)
    assert certificate.why_not(proof, public) is None
    # What was promised stays provable too.
    assert certificate.why_not(released.certificate, public) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_certificate_of_an_older_version_is_shown_and_holds_as_it_was_signed(
    client: httpx.Client, released: Released, life: Life, lang: str
) -> None:
    """It says nothing of copies in InfluxDB: not a field more is shown of it."""
    key = certificate.signing_key(life.releasing.signing_key_file)
    body = {name: value for name, value in released.certificate.items() if name != "signature"}
    del body["copies"]
    signature = base64.b64encode(key.sign(certificate._signed(body))).decode()
    old = body | {"signature": signature}
    with life.connection.begin():
        this = update(releases).where(releases.c.id == old["id"])
        life.connection.execute(this.values(certificate=json.dumps(old)))
    shown = client.get(f"/api/v1/certificates/{old['id']}").json()
    assert shown == old
    assert certificate.why_not(shown, key.public_key()) is None
    page = client.get(f"/certificates/{old['id']}?lang={lang}")
    assert page.status_code == 200
    assert LANGUAGES[lang].copies not in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("copies", certificate.Copies)
def test_the_page_says_what_became_of_the_copies_in_influxdb(
    client: httpx.Client,
    released: Released,
    life: Life,
    tmp_path: Path,
    lang: str,
    copies: certificate.Copies,
) -> None:
    key = certificate.signing_key(life.releasing.signing_key_file)
    on = date(2026, 11, 23) if copies is certificate.Copies.DELETED else None
    renewed = certificate.renew(key, released.certificate, certificate.Fate(copies, on))
    assert certificate.why_not(renewed, key.public_key()) is None
    with life.connection.begin():
        this = update(releases).where(releases.c.id == renewed["id"])
        life.connection.execute(this.values(certificate=json.dumps(renewed)))
    page = client.get(f"/certificates/{renewed['id']}?lang={lang}").text
    assert LANGUAGES[lang].copies_are[copies.value].format(on=on) in page
    assert client.get(f"/api/v1/certificates/{renewed['id']}").json() == renewed
    one, public = tmp_path / "one.json", tmp_path / "key.pem"
    one.write_text(certificate.dump(renewed), encoding="ascii")
    public.write_bytes(certificate.public_pem(key.public_key()))
    status, said = verified(str(one), "--key", str(public))
    assert (status, COPIES[copies.value].format(on=on) in said) == (0, True)
