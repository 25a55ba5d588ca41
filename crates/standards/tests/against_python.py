"""Answers questions of against_python.rs with the libraries that installers and pypiserver use.

Reads one JSON object from standard input: lists of texts by subject. Writes one JSON object with a
list of answers for each, in the same order.
"""

import json
import sys
from importlib.metadata import distributions

from packaging.metadata import parse_email
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version
from pypiserver._app import is_valid_pkg_filename
from pypiserver.pkg_helpers import guess_pkgname_and_version, normalize_pkgname


def name(text):
    try:
        valid = canonicalize_name(text, validate=True)
    except InvalidName:
        valid = None
    return {"valid": valid, "key": normalize_pkgname(text)}


def versions(texts):
    """Answers for all texts at once, because the answer is their order."""
    read = []
    for text in texts:
        try:
            read.append(Version(text))
        except InvalidVersion:
            read.append(None)
    ranks = {version: rank for rank, version in enumerate(sorted(set(read) - {None}))}
    return [
        version
        and {
            "canonical": str(version),
            "trimmed": canonicalize_version(version),
            "prerelease": version.is_prerelease,
            "local": version.local is not None,
            "rank": ranks[version],
        }
        for version in read
    ]


def wheel(text):
    try:
        project, version, build, tags = parse_wheel_filename(text)
    except InvalidWheelFilename:
        return None
    return {
        "project": project,
        "version": str(version),
        "build": "".join(map(str, build)),
        "tags": sorted(map(str, tags)),
    }


def sdist(text):
    try:
        project, version = parse_sdist_filename(text)
    except InvalidSdistFilename:
        return None
    return {"project": project, "version": str(version)}


def found(text):
    guess = guess_pkgname_and_version(text)
    return {
        "guess": guess,
        "upload": is_valid_pkg_filename(text) and guess is not None,
    }


def specifier(text):
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def email(text):
    raw, _ = parse_email(text)
    return raw


def installed(_):
    """Metadata files of this environment's distributions, as written by real build tools."""
    texts = (one.read_text("METADATA") or one.read_text("PKG-INFO") for one in distributions())
    return [{"text": text, "raw": email(text)} for text in texts if text]


ANSWERS = {
    "names": name,
    "wheels": wheel,
    "sdists": sdist,
    "found": found,
    "specifiers": specifier,
    "emails": email,
    "installed": installed,
}


def main():
    questions = json.load(sys.stdin)
    answers = {
        subject: versions(texts)
        if subject == "versions"
        else [ANSWERS[subject](text) for text in texts]
        for subject, texts in questions.items()
    }
    json.dump(answers, sys.stdout)


main()
