"""An embedded Kubernetes: store, API rules, controllers, and the façade real clients speak to.

Called by `nodeyard.app` and by rehearsals; knows nothing about node groups.
"""
