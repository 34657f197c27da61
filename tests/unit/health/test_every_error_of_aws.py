"""Whatever AWS may answer to a call of the driver has a name and says what to do; botocore's models judge."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.exceptions
import botocore.session
import pytest
from botocore import xform_name

from nodeyard import ports
from nodeyard.drivers.aws import permissions
from nodeyard.model.health import IssueCode
from nodeyard.planner.health import failures
from nodeyard.translation import aws_errors
from tests.nouns import a_nodegroup

QUEUE = [("sqs", name) for name in ("receive_message", "delete_message", "get_queue_attributes")]
COMMON = """
    AccessDenied ExpiredToken IncompleteSignature InternalFailure InvalidAction InvalidClientTokenId
    InvalidParameterCombination InvalidParameterValue InvalidQueryParameter MalformedQueryString MissingAction
    MissingAuthenticationToken MissingParameter NotAuthorized OptInRequired RequestExpired
    RequestLimitExceeded ServiceUnavailable Throttling ValidationError
"""
"""Source: API references of EC2, Auto Scaling and IAM, common errors."""
EC2 = """
    Blocked ClientTokenInUse ConcurrentTagAccess DefaultVpcDoesNotExist DependencyViolation
    EC2ThrottledException FilterLimitExceeded IdempotentParameterMismatch IncorrectInstanceState
    InsufficientInstanceCapacity InternalError InvalidAMIID.NotFound InvalidAMIID.Unavailable
    InvalidCapacityReservationId.NotFound
    InvalidGroup.Duplicate InvalidGroup.InUse InvalidGroup.NotFound InvalidInstanceID.NotFound
    InvalidKeyPair.NotFound InvalidLaunchTemplateId.NotFound InvalidLaunchTemplateId.VersionNotFound
    InvalidLaunchTemplateName.AlreadyExistsException InvalidLaunchTemplateName.MalformedException
    InvalidPaginationToken InvalidPermission.Duplicate InvalidSubnetID.NotFound InvalidUserData.Malformed
    InvalidVpcID.NotFound OperationNotPermitted ReservationCapacityExceeded ResourceCountExceeded
    RulesPerSecurityGroupLimitExceeded SecurityGroupLimitExceeded TagLimitExceeded TagPolicyViolation
    UnauthorizedOperation Unavailable UnknownParameter UnsupportedOperation VPCIdNotSpecified
    VPCResourceNotSpecified VcpuLimitExceeded VersionLimitExceeded
"""
"""EC2 models no errors. Source: EC2 API Reference, error codes, those that calls of the driver may get."""


def answers() -> Iterator[tuple[str, str, str, int]]:
    """Yield (service, operation, code, HTTP status) of every error that a call may be answered with."""
    session = botocore.session.get_session()
    models = {
        each: session.get_service_model(each) for each in {name for name, _ in permissions.CALLS} | {"sqs"}
    }
    for service, method in (*permissions.CALLS, *permissions.REHEARSING, *QUEUE):
        (name,) = [each for each in models[service].operation_names if xform_name(each) == method]
        for shape in models[service].operation_model(name).error_shapes:
            said = shape.metadata.get("error", {})
            for code in {shape.name, said.get("code") or shape.name}:
                yield service, name, code, int(said.get("httpStatusCode") or 400)
        for code in (*COMMON.split(), *(EC2.split() if service == "ec2" else ())):
            yield service, name, code, 503 if code in ("InternalFailure", "ServiceUnavailable") else 400


ANSWERS = tuple(answers())


def raised(operation: str, code: str, status: int) -> ports.PortError:
    response = {
        "Error": {"Code": code, "Message": "what AWS says"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return aws_errors.translate(botocore.exceptions.ClientError(response, operation), operation)


def test_every_answer_is_an_error_of_the_ports() -> None:
    unknown = {
        f"{service} {code}"
        for service, operation, code, status in ANSWERS
        if isinstance(raised(operation, code, status), ports.UnknownFailure)
    }
    assert unknown == set()


def test_every_answer_is_an_issue_that_says_what_who_and_what_to_do() -> None:
    group = a_nodegroup()
    for service, operation, code, status in ANSWERS:
        error = raised(operation, code, status)
        issue = failures.of(error, group)
        if isinstance(error, ports.Conflict):
            assert issue is None, "looked at again"
        elif service != "sqs":  # nobody's node group: the log says it
            assert issue is not None
            what, _, next = issue.message.partition(f"({operation}: {code}). ")
            assert what == "what AWS says " and next.endswith("."), issue.message


def test_only_a_call_that_is_wrong_in_itself_has_no_code_of_its_own() -> None:
    for _, operation, code, status in ANSWERS:
        error = raised(operation, code, status)
        issue = failures.of(error, a_nodegroup())
        if issue is not None and issue.code is IssueCode.UNKNOWN:
            assert isinstance(error, ports.Invalid | ports.NotFound), (operation, code)


@pytest.mark.parametrize("code", ["Client.InvalidParameterValue", "Server.InsufficientInstanceCapacity"])
def test_codes_are_known_as_reasons_of_states_spell_them(code: str) -> None:
    assert not isinstance(raised("RunInstances", code, 400), ports.UnknownFailure)
