"""A real Kubernetes cluster in the place of the embedded ones, joined by simulated machines.

Only what kubelets and a cloud's node controller do is done here: nodes, their leases and status, the status
and end of pods. Scheduler, workloads, budgets and evictions are the real control plane's.
"""
