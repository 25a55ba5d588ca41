"""What the Helm chart makes of values: manifests that Kubernetes knows and the program answers to."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.chart import CHART, faults, has, helm, only, read, refusal, render
from support import http
from support.distributions import wheel
from support.ports import free_port
from support.postgres import PASSWORD, Cluster
from support.programs import WHEELHOUSE, binary, clean_environment
from support.waiting import wait_until

POSTGRES = {"address": "postgres://wheelhouse@db/wheelhouse", "passwordSecret": {"name": "db"}}
OBJECTS = {"location": "s3://wheels/main"}
SHARED = {"catalog": POSTGRES, "files": OBJECTS, "replicas": 3}
SETS = {
    "default": {},
    "objects": {"files": OBJECTS | {"endpoint": "http://s3.team:8333", "plainHttp": True, "credentialsSecret": {"name": "s3"}}},
    "database": {"catalog": POSTGRES, "storage": {"existingClaim": "packages"}},
    "several": SHARED,
    "example": read((CHART / "examples/replicas.yaml").read_text())[0],
    "everything": SHARED | {
        "image": {"repository": "here:5000/wheelhouse", "tag": "2.0", "pullPolicy": "Always"},
        "imagePullSecrets": ["pull"], "fullnameOverride": "packages", "basePath": "/team/python/",
        "catalog": POSTGRES | {"authorityConfigMap": {"name": "authority"}},
        "files": {"location": "gs://wheels", "credentialsSecret": {"name": "gcs", "key": "key.json"}},
        "usersSecret": {"name": "users"}, "trustedProxies": ["10.0.0.0/8", "fd00::/8"],
        "env": [{"name": "AZURE_STORAGE_ACCOUNT_KEY", "valueFrom": {"secretKeyRef": {"name": "az", "key": "key"}}}],
        "service": {"type": "LoadBalancer", "port": 8000, "annotations": {"a/b": "c"}},
        "ingress": {"enabled": True, "hosts": ["a.example", "b.example"], "annotations": {"a/b": "c"}},
        "autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 4}, "disruptionBudget": {"maxUnavailable": "40%"},
        "probes": {"startSeconds": 11, "readiness": "/readyz"}, "drainSeconds": 100, "stopDelaySeconds": 0,
        "serviceAccount": {"create": False, "name": "packages"}, "networkPolicy": {"enabled": True},
        "podAnnotations": {"a": "b"}, "podLabels": {"team": "data"}, "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "a", "operator": "Exists"}], "priorityClassName": "high",
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
            {"topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}]}},
        "topologySpreadConstraints": [{"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
        "settings": {"max-project-mib": 1048576, "overwrite": False, "welcome": None, "rule": ['user:a"<b> list *'], "deny-names": ["a-*", "b-*"]},
    },
}


@pytest.fixture(scope="module", params=SETS)
def rendered(request: pytest.FixtureRequest) -> list[dict]:
    """What each set of values becomes."""
    return render(SETS[request.param])


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    yield cluster
    cluster.close()


def pod(manifest: dict) -> dict:
    return manifest["spec"] if manifest["kind"] == "Pod" else manifest["spec"]["template"]["spec"]


def server(manifests: list[dict]) -> dict:
    """The container of a server."""
    [container] = pod(only(manifests, "Deployment"))["containers"]
    return container


def settings(manifests: list[dict]) -> str:
    return only(manifests, "ConfigMap")["data"]["wheelhouse.toml"]


def test_kubernetes_knows_every_field():
    assert faults([manifest for values in SETS.values() for manifest in render(values)]) == []


def test_field_that_kubernetes_does_not_know_is_found():
    manifests = copy.deepcopy(render(SHARED))
    server(manifests)["readinesProbe"] = {}
    only(manifests, "PodDisruptionBudget")["spec"]["maxUnavailable"] = []
    found = faults(manifests)
    assert len(found) == 4 and "readinesProbe" in str(found) and "maxUnavailable" in str(found), found


def test_helm_finds_nothing_to_complain_about():
    linted = helm("lint", CHART, "--strict", "-f", "-", given=json.dumps(SETS["everything"]))
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_everything_that_selects_pods_selects_the_servers_and_nothing_else(rendered):
    deployment = only(rendered, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    others = [each["metadata"]["labels"] for each in rendered if each["kind"] == "Pod"]
    others += [each["spec"]["template"]["metadata"]["labels"] for each in rendered if each["kind"] == "Job"]
    selectors = [deployment["spec"]["selector"]["matchLabels"], only(rendered, "Service")["spec"]["selector"]]
    for kind, name in [("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")]:
        if has(rendered, kind):
            selectors.append(only(rendered, kind)["spec"][name]["matchLabels"])
    for selector in selectors:
        assert selector.items() <= labels.items()
        assert not [other for other in others if selector.items() <= other.items()]
    assert {each["metadata"]["labels"]["app.kubernetes.io/instance"] for each in rendered} == {"demo"}


def test_everything_is_named_after_what_it_belongs_to(rendered):
    deployment, service = only(rendered, "Deployment"), only(rendered, "Service")
    name = deployment["metadata"]["name"]
    [port] = [each["name"] for each in server(rendered)["ports"]]
    assert [each["targetPort"] for each in service["spec"]["ports"]] == [port]
    volumes = {volume["name"]: volume for volume in pod(deployment)["volumes"]}
    assert volumes["settings"]["configMap"]["name"] == only(rendered, "ConfigMap")["metadata"]["name"]
    if has(rendered, "HorizontalPodAutoscaler"):
        target = only(rendered, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
        assert target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert "replicas" not in deployment["spec"], "an upgrade would undo what the autoscaler chose"
    if has(rendered, "Ingress"):
        for rule in only(rendered, "Ingress")["spec"]["rules"]:
            [path] = rule["http"]["paths"]
            backend = path["backend"]["service"]
            assert backend == {"name": service["metadata"]["name"], "port": {"name": service["spec"]["ports"][0]["name"]}}
    if has(rendered, "PersistentVolumeClaim"):
        claim = volumes["data"]["persistentVolumeClaim"]["claimName"]
        assert claim == only(rendered, "PersistentVolumeClaim")["metadata"]["name"]
    if has(rendered, "ServiceAccount"):
        assert pod(deployment)["serviceAccountName"] == only(rendered, "ServiceAccount")["metadata"]["name"]


def test_every_file_that_is_named_is_mounted(rendered):
    for manifest in [each for each in rendered if each["kind"] in ("Deployment", "Job")]:
        volumes = {volume["name"]: volume for volume in pod(manifest).get("volumes", [])}
        [container] = pod(manifest)["containers"]
        mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", [])}
        assert set(mounts) == set(volumes)
        files = {
            f"{mounts[name]}/{item['path']}" for name, volume in volumes.items() for item in volume.get("secret", {}).get("items", [])
        }
        text = settings(rendered) if manifest["kind"] == "Deployment" else ""
        text += json.dumps([container["args"], container.get("env", [])])
        assert set(re.findall(r"/run/secrets/[\w/-]+", text)) == files
        if found := re.search(r"sslrootcert=([\w/-]+)/[\w.]+", text):
            assert found[1] == mounts["catalog-authority"]


def test_pods_have_no_rights_and_limits(rendered):
    for manifest in [each for each in rendered if each["kind"] in ("Deployment", "Job", "Pod")]:
        context = pod(manifest)["securityContext"]
        assert context["runAsNonRoot"] and context["runAsUser"] == context["fsGroup"] == 9898
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod(manifest)["automountServiceAccountToken"] is False
        for container in pod(manifest)["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]


def test_pods_have_longer_to_end_than_the_program_takes(rendered):
    drain = int(re.search(r"^drain-seconds = (\d+)$", settings(rendered), re.M)[1])
    delay = server(rendered).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert pod(only(rendered, "Deployment"))["terminationGracePeriodSeconds"] >= delay + drain + 5


@pytest.mark.parametrize("name", ["several", "example", "everything"])
def test_servers_that_share_are_replaced_one_by_one(name):
    manifests = render(SETS[name])
    deployment = only(manifests, "Deployment")
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    assert has(manifests, "PodDisruptionBudget") and not has(manifests, "PersistentVolumeClaim")
    assert "emptyDir" in next(volume for volume in pod(deployment)["volumes"] if volume["name"] == "data")
    job = only(manifests, "Job")
    assert "pre-upgrade" in job["metadata"]["annotations"]["helm.sh/hook"]
    assert pod(deployment)["topologySpreadConstraints"]


@pytest.mark.parametrize("name", ["default", "objects", "database"])
def test_server_with_a_volume_is_alone(name):
    manifests = render(SETS[name])
    deployment = only(manifests, "Deployment")
    assert deployment["spec"]["replicas"] == 1 and deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert not has(manifests, "PodDisruptionBudget"), "it would keep the node from being emptied"
    assert has(manifests, "PersistentVolumeClaim") == (name != "database"), "that has a claim already"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replicas": 2}, "several servers"),
        ({"replicas": 2, "catalog": POSTGRES}, "several servers"),
        ({"replicas": 2, "files": OBJECTS}, "several servers"),
        ({"autoscaling": {"enabled": True}}, "several servers"),
        (SHARED | {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}, "minReplicas is more"),
        (SHARED | {"storage": {"existingClaim": "x"}}, "nothing on a volume lasts"),
        (SHARED | {"catalog": {"address": "postgres://a:secret@db/x"}}, "holds a password"),
        ({"files": {"location": "az://c", "credentialsSecret": {"name": "x"}}}, "hand other credentials in with env"),
        ({"settings": {"port": 81}}, "settings.port is written by the chart"),
        ({"ingress": {"enabled": True}}, "ingress.hosts is empty"),
        ({"replica": 2}, "replica"),
        ({"replicas": "2"}, "replicas"),
        ({"catalog": {"address": "sqlite:/data/x"}}, "address"),
        ({"files": {"location": "/data/packages"}}, "location"),
        ({"probes": {"readiness": "/simple/"}}, "readiness"),
        ({"settings": {"Max": 1}}, "Max"),
    ],
)
def test_values_that_cannot_work_are_refused(values, said):
    assert said in refusal(values)


def test_cluster_that_is_too_old_is_refused():
    assert "incompatible" in refusal({}, "--kube-version", "1.29.0")


def test_notes_say_what_is_missing():
    def notes(values: dict) -> str:
        done = helm("install", "demo", CHART, "--dry-run=client", "-f", "-", given=json.dumps(values))
        assert done.returncode == 0, done.stderr
        return done.stdout.partition("NOTES:")[2]

    assert "Nobody can sign in" in notes({}) and "One server with a volume" in notes({})
    example = notes(SETS["example"])
    assert "https://packages.corp.example/simple/" in example
    assert "Nobody" not in example and "trustedProxies" not in example


def test_every_value_is_explained_and_has_a_form():
    text = (CHART / "values.yaml").read_text()
    explained: list[tuple[int, bool]] = []
    before = ""
    for line in text.splitlines():
        if found := re.match(r"( *)([\w-]+):(.*)", line):
            depth = len(found[1])
            while explained and explained[-1][0] >= depth:
                explained.pop()
            explained.append((depth, before.lstrip().startswith("#")))
            is_leaf = bool(found[3].strip())
            assert not is_leaf or any(has_words for _, has_words in explained), f"{line} says nothing"
        before = line
    schema = json.loads((CHART / "values.schema.json").read_text())
    [values] = read(text)
    assert set(values) | {"global"} == set(schema["properties"])
    for name, value in values.items():
        known = schema["properties"][name].get("properties")
        assert known is None or set(known) == set(value), name


# With the real program.


class Pod:
    """The server of a chart's manifests, on loopback, with the container's paths in a folder."""

    def __init__(self, manifests: list[dict], folder: Path, *pairs: tuple[str, str]) -> None:
        self.manifests, self.folder, self.port = manifests, folder, free_port()
        text = settings(manifests)
        for old, new in [('"0.0.0.0"', '"127.0.0.1"'), ("port = 8080", f"port = {self.port}"), *pairs]:
            assert old in text, old
            text = text.replace(old, new)
        self.text = self.local(text)
        (folder / "etc/wheelhouse").mkdir(parents=True)
        (folder / "etc/wheelhouse/wheelhouse.toml").write_text(self.text)
        for name in ["catalog/password", "files/credentials", "users/htpasswd"]:
            (folder / f"run/secrets/wheelhouse-{name}").parent.mkdir(parents=True)
            (folder / f"run/secrets/wheelhouse-{name}").write_text(f"{PASSWORD}\n" if "password" in name else "")

    def local(self, text: str) -> str:
        for path in ("/data/", "/etc/wheelhouse", "/run/secrets/"):
            text = text.replace(path, f"{self.folder}{path}")
        return text

    def words(self, container: dict) -> list[str]:
        assert container["command"] == ["/usr/bin/wheelhouse"]
        return [binary("wheelhouse"), *(self.local(word) for word in container["args"])]

    def __enter__(self) -> Pod:
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            self.words(server(self.manifests)), cwd=self.folder, env=clean_environment(self.folder),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        code = self.process.wait(40)
        self.log.close()
        assert code == 0, (self.folder / "log").read_text()

    def probe(self, name: str) -> int:
        asked = server(self.manifests)[name]["httpGet"]
        [port] = [each for each in server(self.manifests)["ports"] if each["name"] == asked["port"]]
        assert f"port = {port['containerPort']}\n" in settings(self.manifests)
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return http.ask(self.port, "GET", asked["path"]).status
        except ConnectionError:
            return 0

    def is_served(self) -> None:
        wait_until(lambda: self.probe("startupProbe") == 200, seconds=30, what="the startup probe")
        assert self.probe("readinessProbe") == self.probe("livenessProbe") == 200
        [test] = pod(only(self.manifests, "Pod"))["containers"]
        words = self.words(test)
        address = re.sub(r"//[\w-]+:\d+", f"//127.0.0.1:{self.port}", words[-1])
        subprocess.run([*words[:-1], address], check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("base", ["/", "/team/python/"])
def test_program_serves_the_volume_and_answers_the_probes(tmp_path, base):
    manifests = render({"basePath": base, "settings": {"verbose": 1}, "usersSecret": {"name": "users"}})
    with Pod(manifests, tmp_path) as served:
        served.is_served()
        wheel("demo").put(tmp_path / "data/packages")
        page = lambda: http.ask(served.port, "GET", f"{base}simple/demo/").status  # noqa: E731
        wait_until(lambda: page() == 200, seconds=10, what="a file on the volume is listed")


def test_program_migrates_and_serves_with_the_catalog_in_postgresql(tmp_path, cluster):
    manifests = render({"catalog": POSTGRES})
    socket = str(cluster.folder).replace("/", "%2F")
    address = ("@db/wheelhouse", f"@{socket}:{cluster.port}/{cluster.make_database()}")
    with_database = Pod(manifests, tmp_path, address)
    [job] = pod(only(manifests, "Job"))["containers"]
    words = [word.replace(*address) for word in with_database.words(job)]
    home = tmp_path / "home"
    home.mkdir()

    def migrate(*more: str) -> subprocess.CompletedProcess[str]:
        # As in the pod: a home that is empty, and nothing else.
        return subprocess.run([*words, *more], cwd=home, env=clean_environment(home), capture_output=True, text=True, timeout=60)

    assert migrate("--check").returncode == 1
    done = migrate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert migrate("--check").returncode == 0
    assert not list(home.iterdir())
    with with_database as served:
        served.is_served()


@pytest.mark.parametrize("name", SETS)
def test_program_takes_the_settings(name, tmp_path):
    served = Pod(render(SETS[name]), tmp_path)
    authority = tmp_path / "etc/wheelhouse-authority"
    authority.mkdir()
    certificate = Path("/etc/ssl/certs/ca-certificates.crt").read_text().partition("-----END CERTIFICATE-----")
    (authority / "ca.crt").write_text("".join(certificate[:2]) + "\n")
    (tmp_path / "run/secrets/wheelhouse-files/credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    container = server(served.manifests)
    environment = {each["name"]: served.local(each["value"]) for each in container.get("env", []) if "value" in each}
    words = ["config", "check", *served.words(container)[2:]]
    done = WHEELHOUSE.run(*words, folder=tmp_path, environment=environment)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{served.text}"
    shown = WHEELHOUSE.run("config", "show", *words[2:], folder=tmp_path, environment=environment).stdout
    assert PASSWORD not in shown
    # A check that takes everything would show nothing.
    (tmp_path / "etc/wheelhouse/wheelhouse.toml").write_text(served.text + "\nunknown-key = 1\n")
    assert WHEELHOUSE.run(*words, folder=tmp_path, environment=environment).returncode != 0
