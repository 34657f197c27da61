"""Pods and clusters made by chance for the scheduler: the same number gives the same question.

A question is a dict with the pod that looks for a node and lists of all that is there. Names of what is not
within a namespace carry the number, because the real scheduler answers all questions over one API. Values
are few, so that rules and objects often meet.
"""

from __future__ import annotations

from random import Random
from typing import Any

Obj = dict[str, Any]

ZONE, HOST, REGION = "topology.kubernetes.io/zone", "kubernetes.io/hostname", "topology.kubernetes.io/region"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
APPS, TIERS, ZONES = ("web", "db", "cache"), ("1", "2"), ("a", "b", "c")
TAINTS = ("dedicated", "gpu", "node.kubernetes.io/not-ready", "node.kubernetes.io/disk-pressure")
EFFECTS = ("NoSchedule", "NoExecute", "PreferNoSchedule")
GPU = "example.com/gpu"
_LOST = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


class Question:
    """One question in the making."""

    def __init__(self, number: int) -> None:
        self.dice = Random(f"question {number}")
        self.mark = f"q{number}"
        self.spaces = [f"{self.mark}-{each}" for each in ("x", "y", "z")]
        self.made: dict[str, Any] = {
            "namespaces": [
                {"metadata": {"name": name, "labels": {"team": "ab"[place % 2]}}}
                for place, name in enumerate(self.spaces)
            ],
            "nodes": [self.node(number) for number in range(self.dice.randint(1, 8))],
            **{name: [] for name in ("pods", "nominated", "claims", "volumes", "classes", "budgets")},
        }

    def likely(self, chance: float) -> bool:
        return self.dice.random() < chance

    def some(self, values: Any, least: int = 1) -> list[Any]:
        return self.dice.sample(list(values), self.dice.randint(least, min(2, len(values))))

    # --- nodes ---

    def node(self, number: int) -> Obj:
        name = f"{self.mark}-n{number}"
        labels = {HOST: name, "disk": self.dice.choice(("ssd", "hdd"))}
        if self.likely(0.85):
            labels |= {ZONE: self.dice.choice(ZONES), REGION: "r"}
        if self.likely(0.6):
            labels["gen"] = self.dice.choice(("3", "5", "7", "07", "1_0", "new"))
        if self.likely(0.6):
            labels["rack"] = self.dice.choice(("r1", "r2"))
        spec: Obj = {"unschedulable": True} if self.likely(0.08) else {}
        if self.likely(0.3):
            spec["taints"] = [self.taint(key) for key in self.some(TAINTS)]
        has = {
            "cpu": self.dice.choice(("4", "8", "3500m")),
            "memory": self.dice.choice(("8Gi", "16Gi", "7500000Ki")),
            "pods": self.dice.choice(("3", "6", "20")),
            "ephemeral-storage": "20Gi",
        }
        if self.likely(0.4):
            has[GPU] = self.dice.choice(("1", "2"))
        if self.likely(0.2):
            has["hugepages-2Mi"] = "8Mi"
        image = {"names": ["app:1"], "sizeBytes": 100_000_000}
        status = {"allocatable": has, "capacity": has, "images": [image] if self.likely(0.5) else []}
        return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": status}

    def taint(self, key: str) -> Obj:
        made = {"key": key, "effect": self.dice.choice(EFFECTS)}
        return made | ({"value": self.dice.choice("ab")} if self.likely(0.6) else {})

    # --- pods ---

    def resources(self) -> Obj:
        wanted: Obj = {}
        if self.likely(0.7):
            wanted["cpu"] = self.dice.choice(("100m", "500m", "1", "1500m", "0.25"))
        if self.likely(0.6):
            wanted["memory"] = self.dice.choice(("128Mi", "1Gi", "2G", "3000M"))
        if self.likely(0.15):
            wanted["ephemeral-storage"] = self.dice.choice(("1Gi", "12Gi"))
        made: Obj = {"requests": wanted}
        if self.likely(0.15):
            made["limits"] = {GPU: "1"}
            wanted[GPU] = "1"
        elif self.likely(0.2):
            made["limits"] = {"cpu": "2", "memory": "3Gi"}
        if self.likely(0.04):
            made.setdefault("limits", {})["hugepages-2Mi"] = wanted["hugepages-2Mi"] = "4Mi"
            wanted["cpu"] = "100m"
            if "cpu" in made["limits"]:
                made["limits"]["cpu"] = "2"
        return made

    def container(self, name: str) -> Obj:
        made: Obj = {"name": name, "image": "app:1", "resources": self.resources()}
        if self.likely(0.12):
            number = 80 + 10 * int(name[1]) + (name[0] == "i")
            port: Obj = {"containerPort": number, "hostPort": number}
            if self.likely(0.4):
                port["hostIP"] = self.dice.choice(("10.0.0.1", "10.0.0.2", "0.0.0.0"))
            if self.likely(0.3):
                port["protocol"] = "UDP"
            made["ports"] = [port]
        return made

    def pod(self, name: str, **spec: Any) -> Obj:
        labels = {"app": self.dice.choice(APPS)}
        if self.likely(0.6):
            labels["tier"] = self.dice.choice(TIERS)
        space = self.dice.choice(self.spaces[:2])
        whole: Obj = {"containers": [self.container(f"c{each}") for each in range(self.dice.randint(1, 2))]}
        if self.likely(0.2):
            whole["initContainers"] = [self.container(f"i{each}") for each in range(self.dice.randint(1, 3))]
            for each in whole["initContainers"]:
                each |= {"restartPolicy": "Always"} if self.likely(0.5) else {}
        if self.likely(0.1):
            whole["overhead"] = {"cpu": "250m", "memory": "64Mi"}
        if self.likely(0.05):
            whole["resources"] = {"requests": {"cpu": "6", "memory": "18Gi"}}
        if self.likely(0.4):
            whole["priority"] = self.dice.choice((10, 100, -5))
        # As admission adds them to every pod.
        whole["tolerations"] = [{"key": key, "operator": "Exists", "effect": "NoExecute"} for key in _LOST]
        metadata = {"name": name, "namespace": space, "uid": f"{self.mark}-{name}", "labels": labels}
        return {"metadata": metadata, "spec": whole | spec, "status": {"phase": "Pending"}}

    # --- rules ---

    def selector(self) -> Obj:
        chance = self.dice.random()
        if chance < 0.6:
            return {"matchLabels": {"app": self.dice.choice(APPS)}}
        if chance < 0.7:
            return {}
        key = self.dice.choice(("app", "tier"))
        verb = self.dice.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        item: Obj = {"key": key, "operator": verb}
        if verb in ("In", "NotIn"):
            item["values"] = self.some(APPS if key == "app" else TIERS)
        return {"matchExpressions": [item]}

    def term(self) -> Obj:
        made: Obj = {"topologyKey": self.dice.choice((ZONE, HOST, "rack"))}
        if self.likely(0.95):
            made["labelSelector"] = self.selector()
        if self.likely(0.25):
            made["namespaces"] = self.some(self.spaces)
        if self.likely(0.25):
            chosen = ({}, {"matchLabels": {"team": "a"}}, {"matchLabels": {"team": "nobody"}})
            made["namespaceSelector"] = self.dice.choice(chosen)
        named = str(made.get("labelSelector"))
        if self.likely(0.2) and "labelSelector" in made and "tier" not in named:
            made[self.dice.choice(("matchLabelKeys", "mismatchLabelKeys"))] = ["tier"]
        return made

    def spread(self, key: str) -> Obj:
        made: Obj = {
            "topologyKey": key,
            "maxSkew": self.dice.randint(1, 2),
            "whenUnsatisfiable": "ScheduleAnyway" if self.likely(0.2) else "DoNotSchedule",
        }
        if self.likely(0.93):
            made["labelSelector"] = self.selector()
        if self.likely(0.3) and made["whenUnsatisfiable"] == "DoNotSchedule":
            made["minDomains"] = self.dice.randint(1, 4)
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            if self.likely(0.4):
                made[policy] = self.dice.choice(("Honor", "Ignore"))
        if self.likely(0.2) and "labelSelector" in made and "tier" not in str(made["labelSelector"]):
            made["matchLabelKeys"] = ["tier"]
        return made

    def requirement(self) -> Obj:
        key = self.dice.choice(("disk", "gen", ZONE, "rack", "none"))
        verb = self.dice.choice(("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"))
        item: Obj = {"key": key, "operator": verb}
        if verb in ("Gt", "Lt"):
            item |= {"key": "gen", "values": [self.dice.choice(("0", "4", "6"))]}
        elif verb in ("In", "NotIn"):
            item["values"] = self.some(("ssd", "hdd", "a", "b", "r1", "3", "7"))
        return item

    def node_term(self) -> Obj:
        made: Obj = {}
        if self.likely(0.8):
            made["matchExpressions"] = [self.requirement() for _ in range(self.dice.randint(1, 2))]
        if self.likely(0.25):
            verb = self.dice.choice(("In", "NotIn"))
            name = self.dice.choice([each["metadata"]["name"] for each in self.made["nodes"]] + ["gone"])
            made["matchFields"] = [{"key": "metadata.name", "operator": verb, "values": [name]}]
        return made

    def toleration(self) -> Obj:
        verb = self.dice.choice(("Exists", "Equal", ""))
        made: Obj = {"key": self.dice.choice(TAINTS)}
        if verb:
            made["operator"] = verb
        if verb != "Exists" and self.likely(0.8):
            made["value"] = self.dice.choice("ab")
        if verb == "Exists" and self.likely(0.2):
            del made["key"]
        if self.likely(0.5):
            made["effect"] = self.dice.choice(EFFECTS)
        return made

    def affinity(self, *, running: bool = False) -> Obj:
        made: Obj = {}
        for kind, chance in (("podAffinity", 0.25), ("podAntiAffinity", 0.35)):
            if not self.likely(chance):
                continue
            made[kind] = {REQUIRED: [self.term() for _ in range(self.dice.randint(1, 2))]}
            if self.likely(0.3):
                made[kind][PREFERRED] = [{"weight": 5, "podAffinityTerm": self.term()}]
        if not running and self.likely(0.3):
            terms = [self.node_term() for _ in range(self.dice.randint(1, 2))]
            made["nodeAffinity"] = {REQUIRED: {"nodeSelectorTerms": terms}}
        return made


def question(number: int) -> Obj:
    """Return a question by its number."""
    made = Question(number)
    for place, node in enumerate(made.made["nodes"]):
        for each in range(made.dice.randint(0, 3)):
            made.made["pods"].append(_running(made, f"old{place}-{each}", node["metadata"]["name"]))
    pod = made.made["pod"] = made.pod("new")
    spec = pod["spec"]
    if made.likely(0.7):
        spec["affinity"] = made.affinity()
    if made.likely(0.4):
        spec["topologySpreadConstraints"] = [made.spread(key) for key in made.some((ZONE, HOST, "rack"))]
    if made.likely(0.15):
        spec["nodeSelector"] = made.dice.choice(({"disk": "ssd"}, {ZONE: "a"}, {"disk": "hdd", "rack": "r1"}))
    if made.likely(0.4):
        spec["tolerations"] += [made.toleration() for _ in range(made.dice.randint(1, 2))]
    if made.likely(0.1):
        cordon = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"}
        spec["tolerations"].append(cordon)
    if made.likely(0.03):
        spec["schedulingGates"] = [{"name": "example.com/wait"}]
    if made.likely(0.1):
        spec["preemptionPolicy"] = "Never"
    if made.likely(0.12):
        node = made.dice.choice(made.made["nodes"])["metadata"]["name"]
        other = {"affinity": made.affinity(running=True), "schedulerName": "another"}
        made.made["nominated"] = [made.pod("nominated", **other)]
        made.made["nominated"][0]["status"]["nominatedNodeName"] = node
    if made.likely(0.25):
        _volumes(made, pod)
    return made.made


def _running(made: Question, name: str, node: str) -> Obj:
    pod = made.pod(name, nodeName=node)
    if not name.endswith("-0"):
        # No two pods of a node have the same port.
        for container in [*pod["spec"]["containers"], *pod["spec"].get("initContainers", ())]:
            container.pop("ports", None)
    if made.likely(0.35):
        pod["spec"]["affinity"] = made.affinity(running=True)
    pod["status"]["phase"] = made.dice.choice(("Running",) * 8 + ("Succeeded", "Pending"))
    if made.likely(0.08):
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    return pod


def _volumes(made: Question, pod: Obj) -> None:
    """Give a pod one or two claims, each in one of the states a claim may be in."""
    for number in range(made.dice.randint(1, 2)):
        claim, kind = f"data{number}", made.dice.choice(_STATES)
        _claim(made, pod["metadata"]["namespace"], claim, kind)
        volume = {"name": f"v{number}", "persistentVolumeClaim": {"claimName": claim}}
        pod["spec"].setdefault("volumes", []).append(volume)


_STATES = ("bound",) * 3 + ("waiting",) * 2 + ("labelled", "static", "immediate", "missing", "lost")


def _claim(made: Question, space: str, name: str, kind: str) -> None:
    if kind == "missing":
        return
    storage = f"{made.mark}-{name}"
    spec: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    spec["storageClassName"] = storage
    metadata: Obj = {"name": name, "namespace": space, "uid": f"{made.mark}-{space}-{name}"}
    status: Obj = {"phase": "Pending"}
    later = "Immediate" if kind == "immediate" else "WaitForFirstConsumer"
    made.made["classes"].append(
        {
            "metadata": {"name": storage},
            "provisioner": "kubernetes.io/no-provisioner" if kind == "static" else "ebs.csi.aws.com",
            "volumeBindingMode": later,
        }
    )
    if kind == "waiting" and made.likely(0.5):
        only = {"key": ZONE, "values": made.some(ZONES)}
        made.made["classes"][-1]["allowedTopologies"] = [{"matchLabelExpressions": [only]}]
    if kind in ("bound", "labelled", "lost"):
        spec["volumeName"], status["phase"] = f"{storage}-0", "Bound"
        metadata["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
    if kind in ("bound", "labelled"):
        made.made["volumes"].append(_volume(made, storage, 0, kind, {"namespace": space, **metadata}))
    if kind in ("static", "waiting"):
        for number in range(made.dice.randint(0, 3)):
            made.made["volumes"].append(_volume(made, storage, number, kind, None))
    made.made["claims"].append({"metadata": metadata, "spec": spec, "status": status})


def _volume(made: Question, storage: str, number: int, kind: str, holder: Obj | None) -> Obj:
    spec: Obj = {
        "storageClassName": storage,
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": made.dice.choice(("2Gi", "5Gi", "8Gi"))},
        "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"{storage}-{number}"},
    }
    labels: Obj = {}
    if kind == "labelled":
        labels = {ZONE: made.dice.choice(("a", "b", "a__b"))} | ({REGION: "r"} if made.likely(0.3) else {})
    else:
        item = {"key": ZONE, "operator": "In", "values": made.some(ZONES)}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [item]}]}}
    if holder is not None:
        spec["claimRef"] = {"kind": "PersistentVolumeClaim"} | {
            key: holder[key] for key in ("namespace", "name", "uid")
        }
    phase = "Available" if holder is None else "Bound"
    metadata = {"name": f"{storage}-{number}", "labels": labels}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}
