"""Resource requests of one cluster: which verb a method and a path mean, and the form of the answer.

Called by the façade after authentication. Calls the API rules; knows no socket.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from nodeyard.world.kubernetes import lists
from nodeyard.world.kubernetes.api import Api
from nodeyard.world.kubernetes.conversion import needs_conversion, shown, stored
from nodeyard.world.kubernetes.discovery import REVIEWS
from nodeyard.world.kubernetes.errors import (
    method_not_allowed,
    no_such_path,
    not_implemented,
)
from nodeyard.world.kubernetes.exchange import Reply, Request, reply
from nodeyard.world.kubernetes.patches import APPLY_PATCH
from nodeyard.world.kubernetes.reading import Reader
from nodeyard.world.kubernetes.resources import Resource
from nodeyard.world.kubernetes.reviews import answered
from nodeyard.world.kubernetes.scale import scale_of
from nodeyard.world.kubernetes.selectors import check_fields, predicate
from nodeyard.world.kubernetes.tables import partial, table
from nodeyard.world.kubernetes.watches import Watch, WatchOptions

Obj = dict[str, Any]

_STREAMS = ("log", "exec", "attach", "portforward", "proxy")
_WRITABLE = ("status", "scale", "finalize", "approval")


class Target:
    """What a path under a group version names."""

    def __init__(self, steps: list[str]) -> None:
        self.namespace: str | None = None
        if len(steps) >= 3 and steps[0] == "namespaces" and steps[2] not in ("status", "finalize"):
            self.namespace = steps[1]
            steps = steps[2:]
        self.plural = steps[0]
        self.name = steps[1] if len(steps) > 1 else ""
        self.subresource = steps[2] if len(steps) > 2 else ""


class Handler:
    """Answers the resource requests of one cluster."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._store = api.store

    def handle(self, request: Request, group: str, version: str, steps: list[str]) -> Reply:
        """Answer a request for the path that follows /api/v1 or /apis/GROUP/VERSION.

        Raises: ApiError.
        """
        self._reader = Reader(request)
        answer = self._answer(request, group, version, steps)
        if self._reader.warnings:
            answer.headers["warning"] = ", ".join(self._reader.warnings)
        return answer

    def _answer(self, request: Request, group: str, version: str, steps: list[str]) -> Reply:
        target = Target(steps)
        what = self._store.registry.served(group, version, target.plural)
        if what is None:
            return self._review(request, group, version, target)
        if not what.namespaced:
            target.namespace = None
        if target.subresource:
            return self._subresource(request, what, target)
        if target.name:
            return self._one(request, what, target)
        return self._many(request, what, target)

    def _review(self, request: Request, group: str, version: str, target: Target) -> Reply:
        for what in REVIEWS:
            if (what.group, what.version, what.plural) == (group, version, target.plural):
                if request.method != "POST":
                    raise method_not_allowed()
                return reply(answered(what.kind, request.document(), request), 201)
        raise no_such_path()

    # --- one object ---

    def _one(self, request: Request, what: Resource, target: Target) -> Reply:
        space, name = target.namespace, target.name
        if request.method == "GET":
            if request.flag("watch"):
                request.query["fieldSelector"] = f"metadata.name={name}"
                return self._watch(request, what, target)
            return self._shown(request, what, self._api.get(what.key, space, name))
        if request.method == "PUT":
            new = stored(what, self._reader.body(what))
            new = self._api.owned(what.key, space, name, new, request.manager)
            obj = self._api.update(what.key, space, name, new, dry_run=request.dry_run)
            return self._shown(request, what, obj)
        if request.method == "PATCH":
            return self._patch(request, what, target)
        if request.method == "DELETE":
            return self._delete(request, what, target)
        raise method_not_allowed()

    def _patch(self, request: Request, what: Resource, target: Target) -> Reply:
        existed = self._store.entry(what.stored_as, target.namespace, target.name) is not None
        apply = request.content_type == APPLY_PATCH
        obj = self._api.patch(
            what.key,
            target.namespace,
            target.name,
            self._reader.applied(what) if apply else request.document(),
            request.content_type,
            subresource=target.subresource or None,
            field_manager=request.query.get("fieldManager", "") if apply else request.manager,
            force=request.flag("force"),
            dry_run=request.dry_run,
            read=functools.partial(self._reader.patched, what),
        )
        if target.subresource == "scale":
            return reply(obj)
        return self._shown(request, what, obj, 200 if existed else 201)

    def _delete(self, request: Request, what: Resource, target: Target) -> Reply:
        obj = self._removed(request, what, target.namespace, target.name)
        kept = self._store.get(what.stored_as, target.namespace, target.name)
        if kept is not None and kept["metadata"]["uid"] == obj["metadata"]["uid"]:
            return self._shown(request, what, obj)
        details = {"name": target.name, "kind": what.plural, "uid": obj["metadata"]["uid"]}
        if what.group:
            details["group"] = what.group
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return reply({**status, "details": details})

    def _removed(self, request: Request, what: Resource, space: str | None, name: str) -> Obj:
        options = request.document() or {}
        preconditions = options.get("preconditions") or {}
        grace = options.get("gracePeriodSeconds", request.query.get("gracePeriodSeconds"))
        propagation = options.get("propagationPolicy") or request.query.get("propagationPolicy")
        if options.get("orphanDependents"):
            propagation = "Orphan"
        return self._api.delete(
            what.key,
            space,
            name,
            grace_s=None if grace is None else int(grace),
            uid=preconditions.get("uid"),
            resource_version=preconditions.get("resourceVersion"),
            propagation=propagation,
            dry_run=request.dry_run or bool(options.get("dryRun")),
        )

    def _shown(self, request: Request, what: Resource, obj: Obj, code: int = 200) -> Reply:
        one = shown(what, obj)
        shape = request.shape()
        if shape == "Table":
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            include = request.query.get("includeObject", "Metadata")
            return reply(table(what, [one], self._api.clock.now(), metadata, include), code)
        if shape == "PartialObjectMetadata":
            return reply(partial(one), code)
        return reply(one, code)

    # --- subresources ---

    def _subresource(self, request: Request, what: Resource, target: Target) -> Reply:
        space, name, sub = target.namespace, target.name, target.subresource
        if what.key == "pods" and sub in _STREAMS:
            self._api.get("pods", space, name)
            raise not_implemented(
                f"pods/{sub} is not served: the containers here are simulated, without processes; "
                "use kubectl describe and kubectl get events to see what happened to the pod"
            )
        if sub not in what.subresources:
            raise no_such_path()
        if request.method == "POST" and sub == "eviction":
            return reply(self._api.evict(space or "", name, request.document()), 201)
        if request.method == "POST" and sub == "binding":
            node = (request.document().get("target") or {}).get("name", "")
            self._api.bind(space or "", name, node)
            status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
            return reply(status, 201)
        if sub not in _WRITABLE:
            raise method_not_allowed()
        if request.method == "GET":
            obj = self._api.get(what.key, space, name)
            return reply(scale_of(obj, what)) if sub == "scale" else self._shown(request, what, obj)
        if request.method == "PATCH":
            return self._patch(request, what, target)
        if request.method == "PUT":
            part = "status" if sub == "approval" else sub
            new = request.document() if sub == "scale" else self._reader.body(what)
            if part == "status":
                new = self._api.owned(what.key, space, name, new, request.manager, part)
            obj = self._api.update(what.key, space, name, new, subresource=part, dry_run=request.dry_run)
            return reply(obj) if sub == "scale" else self._shown(request, what, obj)
        raise method_not_allowed()

    # --- many objects ---

    def _many(self, request: Request, what: Resource, target: Target) -> Reply:
        if request.method == "GET":
            return (
                self._watch(request, what, target)
                if request.flag("watch")
                else self._list(request, what, target)
            )
        if request.method == "POST":
            new = stored(what, self._reader.body(what))
            obj = self._api.create(what.key, target.namespace, new, dry_run=request.dry_run)
            return self._shown(request, what, obj, 201)
        if request.method == "DELETE":
            test = self._test(request, what)
            found = [e.object for e in self._store.entries(what.stored_as, target.namespace)]
            for obj in found:
                if test is None or test(obj):
                    metadata = obj["metadata"]
                    self._removed(request, what, metadata.get("namespace"), metadata["name"])
            return reply({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})
        raise method_not_allowed()

    def _test(self, request: Request, what: Resource) -> Any:
        fields = request.query.get("fieldSelector", "")
        if what.storage:
            fields = fields.replace("regarding.", "involvedObject.")
        check_fields(what.stored_as, fields)
        return predicate(request.query.get("labelSelector", ""), fields)

    def _list(self, request: Request, what: Resource, target: Target) -> Reply:
        test = self._test(request, what)
        chosen, metadata = lists.page(self._store, request, what, target.namespace, test)
        shape = request.shape()
        if shape == "Table":
            include = request.query.get("includeObject", "Metadata")
            objects = (shown(what, entry.object) for entry in chosen)
            return reply(table(what, objects, self._api.clock.now(), metadata, include))
        kind, version = what.list_kind or f"{what.kind}List", what.api_version
        if shape == "PartialObjectMetadataList":
            kind, version = shape, "meta.k8s.io/v1"
            items = [msgspec.json.encode(partial(entry.object)) for entry in chosen]
        elif needs_conversion(what):
            items = [msgspec.json.encode(shown(what, entry.object)) for entry in chosen]
        else:
            items = [entry.data for entry in chosen]
        head = msgspec.json.encode({"kind": kind, "apiVersion": version, "metadata": metadata})
        return Reply(200, head[:-1] + b',"items":[' + b",".join(items) + b"]}")

    def _watch(self, request: Request, what: Resource, target: Target) -> Reply:
        version = request.query.get("resourceVersion", "")
        initial = request.flag("sendInitialEvents")
        after = int(version) if version.isdigit() and version != "0" else None
        options = WatchOptions(
            what=what,
            namespace=target.namespace,
            test=self._test(request, what),
            after=after,
            now=self._api.clock.now,
            shape=request.shape(),
            include=request.query.get("includeObject", "Metadata"),
            bookmarks=request.flag("allowWatchBookmarks"),
            initial=initial,
        )
        if request.query.get("timeoutSeconds", "").isdigit():
            options.timeout_s = float(request.query["timeoutSeconds"])
        return Reply(200, stream=Watch(self._store, options).stream())
