"""The Helm chart, rendered by Helm itself and held against Kubernetes' schemas."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from support.programs import venv

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "wheelhouse"
# The oldest one that the chart takes, and the newest one whose schemas are there.
VERSIONS = ["1.30", "1.37"]
READ = "import json, sys, yaml; json.dump([each for each in yaml.safe_load_all(sys.stdin) if each], sys.stdout)"
# Prints what is wrong, one line for each manifest and version.
VALIDATE = """
import json, sys, kubernetes_validate
for manifest in json.load(sys.stdin):
    for version in sys.argv[1:]:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except Exception as error:
            print(version, manifest["kind"], getattr(error, "message", error), list(getattr(error, "path", [])))
"""


def helm(*words: object, given: str | None = None) -> subprocess.CompletedProcess[str]:
    program = os.environ.get("WHEELHOUSE_HELM")
    assert program and Path(program).exists(), "helm is missing; ./ci/test tools installs it"
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [program, *map(str, words)], input=given or "", capture_output=True, text=True, timeout=60,
            env={"PATH": os.environ["PATH"], "HOME": home},
        )


def in_python(script: str, given: str, *words: str) -> str:
    done = subprocess.run(
        [venv("kubernetes") / "python", "-c", script, *words], input=given, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(text: str) -> list[dict]:
    """The documents of a YAML file."""
    return json.loads(in_python(READ, text))


def render(values: dict, *words: str) -> list[dict]:
    done = helm("template", "demo", CHART, "--namespace", "team", "-f", "-", *words, given=json.dumps(values))
    assert done.returncode == 0, done.stderr
    return read(done.stdout)


def refusal(values: dict, *words: str) -> str:
    """What Helm says of values that it does not take."""
    done = helm("template", "demo", CHART, "-f", "-", *words, given=json.dumps(values))
    assert done.returncode != 0, done.stdout
    return done.stderr


def faults(manifests: list[dict]) -> list[str]:
    """What Kubernetes' schemas find wrong, also fields that they do not know."""
    return in_python(VALIDATE, json.dumps(manifests), *VERSIONS).splitlines()


def only(manifests: list[dict], kind: str) -> dict:
    """The one of this kind."""
    [found] = [each for each in manifests if each["kind"] == kind]
    return found


def has(manifests: list[dict], kind: str) -> bool:
    return any(each["kind"] == kind for each in manifests)
