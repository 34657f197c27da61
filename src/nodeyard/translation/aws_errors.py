"""AWS errors in, port errors out: one table, no calls.

Used by the AWS driver for every exception that leaves botocore, and by the AWS in memory for
its own refusals, which carry the same codes. Classes are told apart by name, because importing
botocore only to compare types would cost a service start 0.2 s.
"""

from __future__ import annotations

import re
from typing import Any

from nodeyard import ports

_BY_CODE: dict[type[ports.PortError], frozenset[str]] = {
    ports.Throttled: frozenset(
        {
            "BandwidthLimitExceeded",
            "EC2ThrottledException",
            "KMS.ThrottlingException",
            "KmsThrottled",
            "PriorRequestNotComplete",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        }
    ),
    ports.Unavailable: frozenset(
        {
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "Unavailable",
        }
    ),
    ports.Conflict: frozenset(
        {
            "AlreadyExists",
            "AlreadyExistsFault",
            "ClientTokenInUse",
            "ConcurrentModification",
            "ConcurrentModificationException",
            "ConcurrentTagAccess",
            "DeleteConflict",
            "DependencyViolation",
            "EntityAlreadyExists",
            "EntityTemporarilyUnmodifiable",
            "IncorrectInstanceState",
            "IncorrectState",
            "InstanceRefreshInProgress",
            "InstanceRefreshInProgressFault",
            "InvalidGroup.Duplicate",
            "InvalidGroup.InUse",
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "InvalidPermission.Duplicate",
            "ResourceContention",
            "ResourceContentionFault",
            "ResourceInUse",
            "ResourceInUseFault",
            "ScalingActivityInProgress",
            "ScalingActivityInProgressFault",
        }
    ),
    ports.NotFound: frozenset(
        {
            "AWS.SimpleQueueService.NonExistentQueue",
            "DefaultVpcDoesNotExist",
            "InvalidLaunchTemplateId.VersionNotFound",
            "KMS.NotFoundException",
            "KmsNotFound",
            "NoSuchEntity",
            "NoSuchEntityException",
            "NoSuchVersion",
            "ParameterNotFound",
            "ParameterVersionNotFound",
            "QueueDoesNotExist",
            "ResourceNotFoundException",
        }
    ),
    ports.NoCapacity: frozenset(
        {
            "InsufficientAddressCapacity",
            "InsufficientCapacity",
            "InsufficientCapacityOnHost",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientHostCapacity",
            "InsufficientInstanceCapacity",
            "InsufficientReservedInstanceCapacity",
            "InsufficientVolumeCapacity",
            "ReservationCapacityExceeded",
            "SpotMaxPriceTooLow",
            "UnavailableHostRequirements",
            "UnfulfillableCapacity",
        }
    ),
    ports.Denied: frozenset(
        {
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
            "Blocked",
            "ExpiredToken",
            "ExpiredTokenException",
            "ExplicitDeny",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "KMS.AccessDeniedException",
            "KMSKeyNotAccessibleFault",
            "KmsAccessDenied",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "OperationNotPermitted",
            "PendingVerification",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "TagPolicyViolation",
            "UnauthorizedOperation",
            "UnmodifiableEntity",
            "UnmodifiableEntityException",
            "UnrecognizedClientException",
        }
    ),
    ports.NotOptedIn: frozenset(
        {
            "KmsOptInRequired",
            "OptInRequired",
            "SubscriptionRequiredException",
        }
    ),
    ports.LimitExceeded: frozenset(
        {
            "AddressLimitExceeded",
            "MaxSpotInstanceCountExceeded",
            "OverLimit",
            "RequestResourceCountExceeded",
            "ResourceCountExceeded",
        }
    ),
    ports.Invalid: frozenset(
        {
            "ClientException",
            "DisallowedForDedicatedTenancyNetwork",
            "EncryptedVolumesNotSupported",
            "IdempotentParameterMismatch",
            "KMS.DisabledException",
            "KMS.InvalidStateException",
            "KmsDisabled",
            "KmsInvalidKeyUsage",
            "KmsInvalidState",
            "MalformedPolicyDocument",
            "MissingParameter",
            "NonEBSInstance",
            "ReceiptHandleIsInvalid",
            "Unsupported",
            "UnsupportedOperation",
            "VPCIdNotSpecified",
            "VPCResourceNotSpecified",
            "ValidationError",
            "ValidationException",
        }
    ),
}
_CODES = {code: kind for kind, codes in _BY_CODE.items() for code in codes}

_BY_PATTERN: tuple[tuple[re.Pattern[str], type[ports.PortError]], ...] = (
    (re.compile(r"\.(NotFound|NotFoundException|Missing)$"), ports.NotFound),
    (re.compile(r"LimitExceeded(Exception|Fault)?$"), ports.LimitExceeded),
    (re.compile(r"^(Invalid|Malformed|Missing|Unknown|Unsupported)"), ports.Invalid),
)
"""Tried in order for codes that the table does not list: EC2 has over four hundred."""

_VALIDATION_MEANS: tuple[tuple[re.Pattern[str], type[ports.PortError]], ...] = (
    (re.compile(r"AutoScalingGroup name not found|^Group .* not found", re.I), ports.NotFound),
    (re.compile(r"No active Lifecycle Action found", re.I), ports.NotFound),
    (re.compile(r"No warm pool", re.I), ports.NotFound),
    (re.compile(r"Instance Id not found|No managed instance found", re.I), ports.NotFound),
    (re.compile(r"'vPCZoneIdentifier' failed to satisfy constraint.*length less than", re.I), ports.TooLong),
    (re.compile(r"pending delet|being deleted|delete in progress", re.I), ports.Conflict),
)
"""Auto Scaling says ValidationError for nearly everything; only its sentence tells them apart."""

_TRANSPORT: dict[str, type[ports.PortError]] = {
    "NoCredentialsError": ports.Denied,
    "PartialCredentialsError": ports.Denied,
    "CredentialRetrievalError": ports.Denied,
    "TokenRetrievalError": ports.Denied,
    "UnauthorizedSSOTokenError": ports.Denied,
    "ParamValidationError": ports.Invalid,
    "NoRegionError": ports.Invalid,
    "UnknownEndpointError": ports.Invalid,
    "EndpointProviderError": ports.Invalid,
    "HTTPClientError": ports.Unavailable,
    "ConnectionError": ports.Unavailable,
    "IncompleteReadError": ports.Unavailable,
    "ResponseParserError": ports.Unavailable,
    "OSError": ports.Unavailable,
    "TimeoutError": ports.Unavailable,
}
"""By class name, looked up along the inheritance of what was raised."""

_NO_SUCH_PROFILE = re.compile(r"invalid iam ?instance ?profile|iamInstanceProfile\S* is invalid", re.I)
_NO_SUCH_TEMPLATE = re.compile(r"launch template.* does not exist|launch template.*not found", re.I)


def translate(error: BaseException, operation: str) -> ports.PortError:
    """Return the port error for anything botocore raised; the vendor's sentence is kept."""
    response = getattr(error, "response", None)
    if isinstance(response, dict) and "Error" in response:
        return _answered(response, operation)
    kind = _kind_of_class(error)
    said = (
        str(error).partition("\n")[0].rstrip(": ")
    )  # a broken answer comes along whole, on lines of its own
    text = f"{operation} got no answer from AWS: {said}"
    return kind(text, code=type(error).__name__, operation=operation)


def awaits_propagation(error: ports.PortError) -> bool:
    """Return whether the error is AWS not yet seeing what was made a moment ago."""
    if isinstance(error, ports.NotFound):
        return True
    text = error.message
    return isinstance(error, ports.Invalid) and bool(
        _NO_SUCH_PROFILE.search(text) or _NO_SUCH_TEMPLATE.search(text)
    )


def _answered(response: dict[str, Any], operation: str) -> ports.PortError:
    code = str(response["Error"].get("Code") or "")
    said = str(response["Error"].get("Message") or code or "AWS gave no reason")
    meta = response.get("ResponseMetadata") or {}
    status = int(meta.get("HTTPStatusCode") or 0)
    return of_code(code, said, operation, status=status, retry_after_s=_retry_after(meta))


def of_code(
    code: str, said: str, operation: str, *, status: int = 400, retry_after_s: float | None = None
) -> ports.PortError:
    """Return the port error for a code of AWS and the sentence that came with it."""
    kind = _kind_of_code(code, said, status)
    message = f"{said} ({operation}: {code})"
    if kind is ports.Throttled:
        return ports.Throttled(message, code=code, operation=operation, retry_after_s=retry_after_s)
    return kind(message, code=code, operation=operation)


def _kind_of_code(code: str, said: str, status: int) -> type[ports.PortError]:
    if code in ("ValidationError", "ValidationException"):
        for pattern, kind in _VALIDATION_MEANS:
            if pattern.search(said):
                return kind
    code = code.removeprefix("Client.").removeprefix("Server.")  # as EC2 spells them in reasons of states
    known = _CODES.get(code) or _CODES.get(code.removesuffix("Exception").removesuffix("Fault"))
    if known is not None:
        return known
    if status == 429:
        return ports.Throttled
    for pattern, kind in _BY_PATTERN:
        if pattern.search(code):
            return kind
    if status >= 500:
        return ports.Unavailable
    return {401: ports.Denied, 403: ports.Denied, 404: ports.NotFound}.get(status, ports.UnknownFailure)


def _kind_of_class(error: BaseException) -> type[ports.PortError]:
    for ancestor in type(error).__mro__:
        kind = _TRANSPORT.get(ancestor.__name__)
        if kind is not None:
            return kind
    return ports.UnknownFailure


def _retry_after(meta: dict[str, Any]) -> float | None:
    value = (meta.get("HTTPHeaders") or {}).get("retry-after")
    try:
        return float(value) if value is not None else None
    except ValueError:
        return None
