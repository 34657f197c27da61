"""CloudFormation of the embedded AWS: stacks that hold clusters and node groups beside what moto makes.

moto reads templates and makes its own resources. Order, waiting, rollback and what a template says of EKS are
ours: `AWS::EKS::Cluster` and `AWS::EKS::Nodegroup` go through the EKS API of the service as all calls do.
"""

from nodeyard.world.aws.stacks.driver import Stacks
from nodeyard.world.aws.stacks.eks import Eks, EksRefused

__all__ = ["Eks", "EksRefused", "Stacks"]
