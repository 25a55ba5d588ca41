"""Password files, spec/pypiserver.md §3, made with the tools that people use."""

from __future__ import annotations

import subprocess
import time

import pytest

from support.programs import Door, Site
from support.waiting import wait_until

LOCKED = ["-P", ".htpasswd", "-a", "list,update"]


def htpasswd(*options: str, user: str = "ada", password: str = "secret") -> str:
    done = subprocess.run(
        ["htpasswd", "-nb", *options, user, password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().split(":", 1)[1]


def openssl(*options: str, password: str = "secret") -> str:
    done = subprocess.run(
        ["openssl", "passwd", *options, password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def as_variant(variant: str) -> str:
    return f"${variant}$" + htpasswd("-B", "-C", "5").split("$", 2)[2]


def des(password: str = "secret") -> str:
    return htpasswd("-d", password=password)


SAFE = {
    "htpasswd's default": lambda: htpasswd(),
    "apr1": lambda: htpasswd("-m"),
    "apr1 of openssl": lambda: openssl("-apr1"),
    "bcrypt 2y": lambda: htpasswd("-B", "-C", "5"),
    "bcrypt 2b": lambda: as_variant("2b"),
    "bcrypt 2a": lambda: as_variant("2a"),
    "sha": lambda: htpasswd("-s"),
    "sha256-crypt": lambda: openssl("-5"),
    "sha512-crypt": lambda: openssl("-6"),
    "sha256-crypt with rounds": lambda: (
        "$5$rounds=1400$anotherlongsaltstring$Rx.j8H.h8HjEDGomFU8bDkm6m31zVzA9f7yTjUvXvL6"
    ),
    "des": des,
}


def stored_with_rounds(kind: str) -> str:
    """A hash with its own number of rounds, made by the library that the control uses."""
    from support.programs import venv

    program = f"from passlib.hash import {kind} as h; print(h.using(rounds=1234).hash('secret'))"
    done = subprocess.run(
        [venv("control") / "python", "-W", "ignore", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


SAFE["sha256-crypt with rounds"] = lambda: stored_with_rounds("sha256_crypt")
SAFE["sha512-crypt with rounds"] = lambda: stored_with_rounds("sha512_crypt")


def start(serve, door: Door, stored: str, *options: str) -> Site:
    return serve(door, *LOCKED, *options, users={"ada": stored})


def status(site: Site, user: str = "ada", password: str = "secret") -> int:
    return site.get("/simple/", user=(user, password)).status


@pytest.mark.parametrize("make", SAFE.values(), ids=SAFE)
def test_kept_format_lets_the_right_password_in_and_no_other(serve, door: Door, make):
    site = start(serve, door, make())
    assert status(site) == 200
    for wrong in ["Secret", "secre", "", "secret1x", "wrong"]:
        assert status(site, password=wrong) in (401, 403), wrong


@pytest.mark.parametrize("make", SAFE.values(), ids=SAFE)
def test_mended_stored_hash_is_never_a_password(serve, pypi_server: Door, make):
    stored = make()
    site = start(serve, pypi_server, stored, "--allow-plain-passwords")
    assert status(site, password=stored) == 401


REFUSED = {
    "md5-crypt": "$1$Etg2ExUZ$F9NTP7omafhKIlqaBMqng1",
    "phpass": "$P$984478476IagS59wHZvyQMArzfx58u.",
    "ssha": "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0",
    "md5": "{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==",
    "pbkdf2": "$pbkdf2-sha256$1000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
    "plain marker": "{PLAIN}secret",
    "argon2": "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$abcdefgh",
    "unknown": "$9$whatever",
    "too short for bcrypt": "$2y$05$short",
    "too short for apr1": "$apr1$short",
    "broken sha": "{SHA}!!!",
    "broken sha512-crypt": "$6$rounds=abc$x$y",
}


@pytest.mark.parametrize("stored", REFUSED.values(), ids=REFUSED)
def test_mended_format_that_is_not_understood_lets_nobody_in(serve, pypi_server: Door, stored):
    site = start(serve, pypi_server, stored, "--allow-plain-passwords")
    for password in [stored, "secret", ""]:
        assert status(site, password=password) == 401, password
    site.stop()
    assert "ada" in site.stdout, "the log names the user"


def test_mended_plain_text_is_refused_with_the_command_that_converts(serve, pypi_server: Door):
    site = start(serve, pypi_server, "plain-secret")
    assert status(site, password="plain-secret") == 401
    site.stop()
    assert "ada" in site.log and "htpasswd" in site.log, site.log
    assert "plain-secret" not in site.log


def test_kept_plain_text_works_when_allowed(serve, door: Door):
    allow = [] if door.is_control else ["--allow-plain-passwords"]
    site = start(serve, door, "plain-secret", *allow)
    assert status(site, password="plain-secret") == 200
    assert status(site, password="plain") in (401, 403)


@pytest.mark.parametrize("options", [[], ["--allow-plain-passwords"]])
@pytest.mark.parametrize("stored", ["", "ab", "xy"])
def test_mended_empty_or_very_short_value_lets_nobody_in_nor_fails(serve, pypi_server, stored, options):
    site = start(serve, pypi_server, stored, *options)
    if not stored:
        assert status(site, password="") == 401
    for password in ["secret", "x", "abc"]:
        assert status(site, password=password) == 401


def test_kept_comments_and_blank_lines_are_fine(serve, door: Door):
    site = serve(door, *LOCKED, users={}, start=False)
    site.password_file.write_text(f"# users\n\nada:{htpasswd()}\n\n# end\n")
    assert status(site.start()) == 200


def test_kept_last_line_needs_no_end(serve, door: Door):
    site = serve(door, *LOCKED, users={}, start=False)
    site.password_file.write_text(f"ada:{htpasswd()}")
    assert status(site.start()) == 200


def test_kept_dos_line_ends_are_read(serve, door: Door):
    site = serve(door, *LOCKED, users={}, start=False)
    site.password_file.write_bytes(f"ada:{htpasswd()}\r\nbob:{htpasswd('-s')}\r\n".encode())
    site.start()
    assert status(site) == 200 and status(site, "bob") == 200


def test_kept_first_of_two_lines_for_one_user_wins(serve, door: Door):
    site = serve(door, *LOCKED, users={}, start=False)
    site.password_file.write_text(
        f"ada:{htpasswd(password='first')}\nada:{htpasswd(password='second')}\n"
    )
    site.start()
    assert status(site, password="first") == 200
    assert status(site, password="second") in (401, 403)


def test_kept_file_is_read_again_when_it_changes(serve, door: Door):
    site = start(serve, door, htpasswd("-s"))
    assert status(site) == 200
    time.sleep(1.1)  # The control compares whole seconds of the time stamp.
    site.write_users({"bob": htpasswd("-s", password="other")})
    wait_until(lambda: status(site, "bob", "other") == 200, seconds=5)
    assert status(site) in (401, 403)


def test_mended_changed_password_ends_the_old_one_though_it_was_remembered(serve, pypi_server: Door):
    site = start(serve, pypi_server, htpasswd("-B"))
    assert status(site) == 200
    # Written beside and renamed over, as editors and `htpasswd` do.
    fresh = site.folder / "fresh"
    fresh.write_text(f"ada:{htpasswd('-B', password='changed')}\n")
    fresh.rename(site.password_file)
    wait_until(lambda: status(site, password="changed") == 200, seconds=5)
    assert status(site) == 401


BAD_LINES = {
    "no colon": "this line has no colon",
    "two colons": "eve:$apr1$x:more",
    "no name": ":$apr1$abc",
    "bytes that are no text": b"e\xffve:\xfe\xfd",
    "null": b"eve\0:abc",
    "very long": "e" * 100_000 + ":x",
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
@pytest.mark.parametrize("when", ["at the start", "later"])
def test_mended_bad_line_disables_that_line_alone(serve, pypi_server: Door, line, when):
    line = line if isinstance(line, bytes) else line.encode()
    good = f"ada:{htpasswd('-s')}\n".encode()
    site = serve(pypi_server, *LOCKED, users={}, start=False)
    site.password_file.write_bytes(good + line + b"\n" if when == "at the start" else good)
    site.start()
    assert status(site) == 200
    if when == "later":
        site.password_file.write_bytes(
            line + b"\n" + good + f"bob:{htpasswd('-s')}\n".encode()
        )
        wait_until(lambda: status(site, "bob") == 200, seconds=5)
    assert status(site) == 200
    site.stop()
    if line != BAD_LINES["two colons"]:
        assert "htpasswd" in site.stdout, "the log names the file"


def test_mended_password_file_that_vanishes_is_never_500(serve, pypi_server: Door):
    site = start(serve, pypi_server, htpasswd("-s"))
    assert status(site) == 200
    site.password_file.unlink()
    time.sleep(1)
    # Nobody can be checked; who comes with nothing learns what is asked for.
    assert status(site) in (200, 401, 503)
    assert site.get("/simple/").status in (401, 503)
    site.write_users({"bob": htpasswd("-s")})
    wait_until(lambda: status(site, "bob") == 200, seconds=5)


def test_kept_long_passwords_work(serve, door: Door):
    # bcrypt reads 72 bytes.
    long = "x" * 70
    site = start(serve, door, htpasswd("-B", "-C", "5", password=long))
    assert status(site, password=long) == 200
    assert status(site, password=long[:-1]) in (401, 403)


def test_kept_des_reads_eight_characters(serve, door: Door):
    site = start(serve, door, des("secretsecret"))
    assert status(site, password="secretse") == 200
    assert status(site, password="secrets") in (401, 403)
