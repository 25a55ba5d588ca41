"""Files of CI systems: checked with what knows their form, taken apart, and their scripts run as a runner would."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .programs import venv

FILES = {
    "github": ".github/workflows/release.yml",
    "gitlab": ".gitlab-ci.yml",
    "jenkins": "Jenkinsfile",
    "azure": "azure-pipelines.yml",
    "bitbucket": "bitbucket-pipelines.yml",
    "woodpecker": ".woodpecker/release.yml",
}
SCHEMAS = {
    "github": ["vendor.github-workflows"],
    "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    # The patterns in these two are not of the stricter form.
    "azure": ["vendor.azure-pipelines", "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"],
    "bitbucket": ["vendor.bitbucket-pipelines", "--regex-variant", "nonunicode"],
    "woodpecker": ["vendor.woodpecker-ci"],
}
READ_YAML = "import json, sys; from ruamel.yaml import YAML; json.dump(YAML(typ='safe').load(sys.stdin), sys.stdout)"
READ_GROOVY = "import sys; from groovy_parser.parser import parse_groovy_content; parse_groovy_content(sys.stdin.read())"


@dataclass
class Step:
    """A script of a pipeline, and what its job sets."""

    job: str
    script: str
    variables: dict[str, str] = field(default_factory=dict)
    has_identity: bool = False
    """Whether the system gives the job an identity."""


def tool(name: str, *words: object, given: str | None = None, code: int = 0) -> str:
    done = subprocess.run([venv("pipelines") / name, *map(str, words)], input=given, capture_output=True, text=True, timeout=100)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}\n{given}"
    return done.stdout + done.stderr


def check(system: str, file: Path, is_pinned: bool = False) -> None:
    """Fails if a file is not what its system takes, or a script in it is not sound."""
    text = file.read_text()
    if system == "jenkins":
        # Lark's parser is slow with it, and strict.
        tool("python", "-c", READ_GROOVY, given=text)
    else:
        tool("check-jsonschema", "--builtin-schema", *SCHEMAS[system], file)
    if system == "github":
        # Actions are pinned by tags, as most do, unless somebody wants digests.
        policies = "rules:\n  unpinned-uses:\n    config:\n      policies:\n        'actions/*': ref-pin\n        '*': hash-pin\n"
        config = file.parent.parent / "zizmor-of-test.yml"
        config.write_text(policies)
        words = ["--no-config"] if is_pinned else ["--config", config]
        tool("zizmor", "--offline", *words, file)
        config.unlink()
    steps = steps_of(system, text)
    assert {"test", "check", "release"} <= {step.job.split(" ")[0] for step in steps}, steps
    for step in steps:
        shell = venv("lint") / "shellcheck"
        done = subprocess.run([shell, "--shell", "sh", "-"], input=step.script, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{done.stdout}\n{step.script}"


def read(text: str) -> dict:
    return json.loads(tool("python", "-c", READ_YAML, given=text))


def steps_of(system: str, text: str) -> list[Step]:
    return list(globals()[f"steps_of_{system}"](text if system == "jenkins" else read(text)))


def steps_of_github(file: dict):
    # What YAML 1.1 takes for true is `on`.
    for name, job in file["jobs"].items():
        permissions = job.get("permissions", file["permissions"])
        for step in job["steps"]:
            if "run" in step:
                variables = file.get("env", {}) | job.get("env", {}) | step.get("env", {})
                yield Step(name, step["run"], variables, permissions.get("id-token") == "write")


def steps_of_gitlab(file: dict):
    for name, job in file.items():
        if name.startswith("."):
            continue
        base = file[job["extends"]]
        variables = base["variables"] | job.get("variables", {})
        variables |= {name: f"identity for {token['aud']}" for name, token in job.get("id_tokens", {}).items()}
        yield Step(name.rpartition("-")[2], "\n".join(job["script"]), variables, "id_tokens" in job)


def steps_of_jenkins(text: str):
    shared = re.search(r"^    environment \{\n(.*?)^    \}", text, re.S | re.M)[1]
    variables = dict(re.findall(r"(\w+) = '(.*)'", shared))
    for name, stage in re.findall(r"^        stage\('(\w+)'\) \{\n(.*?)^        \}\n", text, re.S | re.M):
        secrets = {name: f"secret {key}" for name, key in re.findall(r"(\w+) = credentials\('(.*)'\)", stage)}
        script = re.search(r"sh '''\n(.*?)'''", stage, re.S)[1]
        yield Step(name.lower(), re.sub(r"\\(.)", r"\1", script), variables | secrets)


def steps_of_azure(file: dict):
    # The first key says what a thing is.
    for stage in file["stages"]:
        assert next(iter(stage)) == "stage"
        for job in stage["jobs"]:
            assert next(iter(job)) == "job"
            for step in job["steps"]:
                assert next(iter(step)) in ("checkout", "task", "bash"), step
                if "bash" in step:
                    yield Step(job["job"], step["bash"], file["variables"] | step.get("env", {}))


def steps_of_bitbucket(file: dict):
    for name, events in file["pipelines"].items():
        [steps] = events.values()
        released = [entry for entry in steps if "deployment" in entry.get("step", {})]
        assert len(released) == (name == "tags") and "parallel" in steps[0]
    for entry in file["definitions"]["steps"]:
        step = entry["step"]
        yield Step(step["name"].lower(), "\n".join(step["script"]))


def steps_of_woodpecker(file: dict):
    for step in file["steps"]:
        values = step["environment"].items()
        variables = {name: f"secret {value['from_secret']}" if isinstance(value, dict) else value for name, value in values}
        yield Step(step["name"].replace("-", " "), "\n".join(step["commands"]), variables)
