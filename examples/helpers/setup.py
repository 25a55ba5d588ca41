"""A package as a company has it: one module, a changelog, an old-style setup script."""

import re
from pathlib import Path

from setuptools import setup

# The first heading of the changelog names the version: `1.2 (2016-05-01)`.
CHANGELOG = Path(__file__).parent / "helpers" / "CHANGELOG"
VERSION = re.search(r"^(\S+) \(\d{4}-\d\d-\d\d\)$", CHANGELOG.read_text(), re.MULTILINE).group(1)

setup(
    name="helpers",
    version=VERSION,
    description="Small functions that every project of the company uses",
    packages=["helpers"],
    package_data={"helpers": ["CHANGELOG"]},
    python_requires=">=3.8",
)
