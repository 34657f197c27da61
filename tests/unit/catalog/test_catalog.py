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


def test_the_articles_release_is_the_newest_of_1_14() -> None:
    newest = CATALOG.latest_release("AL2_x86_64", "1.14")
    assert newest is not None
    assert newest.release_version == "1.14.9-20200122"


def test_every_version_has_a_newest_release_of_its_default_type() -> None:
    for version in CATALOG.versions():
        newest = CATALOG.latest_release(catalog.default_for(version.minor), version.minor)
        assert newest is not None and newest.kubelet.startswith(f"{version.minor}.")


def test_an_image_id_leads_back_to_its_release_in_its_region_alone() -> None:
    newest = CATALOG.latest_release("AL2023_x86_64_STANDARD", "1.34")
    assert newest is not None
    image = newest.image_id("cn-north-1")
    assert CATALOG.release_of_image("cn-north-1", image) == newest
    assert CATALOG.release_of_image("eu-west-1", image) is None


def test_ssm_serves_what_clients_read() -> None:
    found = CATALOG.ssm_parameters("eu-west-1")
    path = "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended"
    assert found[f"{path}/release_version"] == "1.34.9-20260714"
    assert found[f"{path}/image_id"] in found[path]
    assert "/aws/service/bottlerocket/aws-k8s-1.34/x86_64/latest/image_version" in found


def test_max_pods_follow_the_documented_formula_and_caps() -> None:
    figures = {
        name: kind.max_pods
        for name in ("t3.medium", "m5.large", "m5.4xlarge", "p4d.24xlarge")
        if (kind := CATALOG.instance_type(name)) is not None
    }
    assert figures == {"t3.medium": 17, "m5.large": 29, "m5.4xlarge": 110, "p4d.24xlarge": 250}
