"""Terraform and its AWS provider, as they were released: `make terraform` builds them."""
