"""The judge of what the console writes for Terraform: `make judges` builds it, tests/browser asks it."""

from __future__ import annotations

from pathlib import Path

from tools.go_program import GoProgram

SOURCE = Path(__file__).parent.parent / "tests" / "judges"
TERRAFORM_SCHEMA = SOURCE / "terraform" / "aws_eks_node_group.json"
TERRAFORM = GoProgram("judge-terraform", SOURCE, "./terraform")
EKSCTL_SCHEMA = SOURCE / "eksctl.json"


if __name__ == "__main__":
    raise SystemExit(TERRAFORM.build())
