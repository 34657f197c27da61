"""The catalog agrees with the EKS API model and with itself."""

from datetime import date

from nodeyard import catalog
from nodeyard.api import service_model

CATALOG = catalog.default()


def test_every_ami_type_of_the_api_is_known_and_no_other() -> None:
    assert set(catalog.AMI_TYPES) == set(service_model.eks().shapes["AMITypes"].enum)


def test_versions_are_in_order_and_each_outlives_its_release() -> None:
    dates = [
        (v.release_date, v.end_of_standard_support, v.end_of_extended_support) for v in CATALOG.versions()
    ]
    assert all(released < standard <= extended for released, standard, extended in dates)
    assert [d[0] for d in dates] == sorted(d[0] for d in dates)


def test_support_follows_the_calendar() -> None:
    version = CATALOG.version("1.33")
    assert version is not None
    assert version.support(date(2026, 7, 28)) == "STANDARD_SUPPORT"
    assert version.support(date(2026, 7, 29)) == "EXTENDED_SUPPORT"
    assert version.support(date(2027, 7, 29)) == "UNSUPPORTED"


def test_parameters_have_the_documented_paths() -> None:
    paths = {name: each.parameter("1.31") for name, each in catalog.AMI_TYPES.items()}
    assert paths["AL2023_ARM_64_STANDARD"] == (
        "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/arm64/standard/recommended"
    )
    assert (
        paths["BOTTLEROCKET_x86_64_NVIDIA"] == "/aws/service/bottlerocket/aws-k8s-1.31-nvidia/x86_64/latest"
    )
    assert paths["WINDOWS_CORE_2022_x86_64"] == (
        "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.31"
    )
    assert paths["CUSTOM"] is None


def test_the_default_type_changes_with_version_1_30() -> None:
    assert catalog.default_for("1.14") == "AL2_x86_64"
    assert catalog.default_for("1.30") == "AL2023_x86_64_STANDARD"
    assert not catalog.AMI_TYPES["AL2_x86_64"].exists_for("1.33")
