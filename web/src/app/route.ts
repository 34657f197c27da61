// Where the reader is: the part of the address behind #, so that the service only ever serves one page.

import { useEffect, useState } from "react";

export type Route =
  | { page: "clusters" }
  | { page: "cluster"; cluster: string }
  | { page: "add"; cluster: string }
  | { page: "nodegroup" | "edit" | "update"; cluster: string; nodegroup: string }
  | { page: "progress"; cluster: string; nodegroup: string; update: string }
  | { page: "nowhere" };

/** Returns the route that an address behind # stands for. */
export function parsed(hash: string): Route {
  let parts: string[];
  try {
    parts = hash.replace(/^#\/?/, "").split("?")[0].split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return { page: "nowhere" }; // it is not written as addresses are
  }
  if (parts.length === 0) return { page: "clusters" };
  if (parts[0] !== "clusters") return { page: "nowhere" };
  const [, cluster, second, nodegroup, third, update] = parts;
  if (!cluster) return { page: "clusters" };
  if (!second) return { page: "cluster", cluster };
  if (second === "add-nodegroup") return { page: "add", cluster };
  if (second !== "nodegroups" || !nodegroup) return { page: "nowhere" };
  if (!third) return { page: "nodegroup", cluster, nodegroup };
  if (third === "edit" || third === "update") return { page: third, cluster, nodegroup };
  if (third === "updates" && update) return { page: "progress", cluster, nodegroup, update };
  return { page: "nowhere" };
}

const piece = encodeURIComponent;

export const to = {
  clusters: () => "#/clusters",
  cluster: (cluster: string) => `#/clusters/${piece(cluster)}`,
  add: (cluster: string) => `#/clusters/${piece(cluster)}/add-nodegroup`,
  nodegroup: (cluster: string, name: string) => `#/clusters/${piece(cluster)}/nodegroups/${piece(name)}`,
  edit: (cluster: string, name: string) => `${to.nodegroup(cluster, name)}/edit`,
  update: (cluster: string, name: string) => `${to.nodegroup(cluster, name)}/update`,
  progress: (cluster: string, name: string, id: string) => `${to.nodegroup(cluster, name)}/updates/${piece(id)}`,
};

/** Goes to an address made by `to`. */
export function go(hash: string): void {
  window.location.hash = hash;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(window.location.hash);
  useEffect(() => {
    const changed = () => setHash(window.location.hash);
    window.addEventListener("hashchange", changed);
    return () => window.removeEventListener("hashchange", changed);
  }, []);
  return parsed(hash);
}
