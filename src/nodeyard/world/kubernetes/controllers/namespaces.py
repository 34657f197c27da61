"""The namespace controllers: what every namespace has, and how one that is deleted becomes empty."""

from __future__ import annotations

import copy
from typing import Any

from nodeyard.world.kubernetes.controllers.controller import Controller
from nodeyard.world.kubernetes.controllers.pods import is_leaving
from nodeyard.world.kubernetes.errors import ApiError
from nodeyard.world.kubernetes.store import Change

Obj = dict[str, Any]

ROOT_CA = "kube-root-ca.crt"


class Namespaces(Controller):
    """Furnishes namespaces and empties those on their way out."""

    def changed(self, change: Change) -> None:
        obj = change.object
        if change.resource == "namespaces":
            if change.type != "DELETED":
                self.queue.add(obj["metadata"]["name"])
        elif change.type == "DELETED" and obj["metadata"].get("namespace"):
            space = self.store.get("namespaces", None, obj["metadata"]["namespace"])
            if space is not None and (is_leaving(space) or change.resource == "serviceaccounts"):
                self.queue.add(space["metadata"]["name"])

    def reconcile(self, key: str) -> None:
        space = self.store.get("namespaces", None, key)
        if space is None:
            return
        if is_leaving(space):
            self._empty(space, key)
        else:
            self._furnish(key)

    def _furnish(self, name: str) -> None:
        if self.store.get("serviceaccounts", name, "default") is None:
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            self.api.create("serviceaccounts", name, account)
        if self.store.get("configmaps", name, ROOT_CA) is None:
            text = (
                "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
                "endpoints such as the internal service IP or kubernetes.default.svc."
            )
            metadata = {"name": ROOT_CA, "annotations": {"kubernetes.io/description": text}}
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"ca.crt": ""}}
            self.api.create("configmaps", name, body)

    def _empty(self, space: Obj, name: str) -> None:
        left = 0
        for resource in {each.stored_as: each for each in self.store.registry.all()}.values():
            if not resource.namespaced:
                continue
            for obj in self.store.list(resource.stored_as, name):
                if is_leaving(obj):
                    left += 1
                    continue
                try:
                    self.api.delete(resource.key, name, obj["metadata"]["name"], propagation="Background")
                except ApiError as refused:
                    if refused.code != 404:
                        raise
            left += len(self.store.list(resource.stored_as, name))
        if left:
            self.queue.after(name, 5.0)
            return
        changed = copy.deepcopy(self.api.get("namespaces", None, name))
        changed.setdefault("spec", {})["finalizers"] = []
        self.api.update("namespaces", None, name, changed, subresource="finalize")
