"""What a review says as a whole."""

import pytest
from msgspec.structs import replace

from colony_core.domain.topology import review
from colony_core.domain.validation import ValidationFailed
from colony_testkit.topologies import a_control_plane, a_request, a_world, an_inventory, the_reference_request


def test_the_example_of_the_reference_is_accepted_with_warnings_only() -> None:
    inventory = an_inventory(cores=16)
    world = a_world(
        asset_1={"inventory": inventory},
        asset_2={"inventory": replace(inventory, nics=an_inventory(mac="52:54:00:00:00:02").nics)},
    )

    answer = review(the_reference_request(), world)

    assert answer.errors == ()
    assert answer.accepted().api_url == "https://192.168.1.101:6443"
    assert {advice.rule for advice in answer.advice} == {
        "control_planes.below_civo_minimum",
        "credentials.gitlab_token.shape",
        "credentials.image_pull_secret.shape",
        "hardware.below_civo_production",
        "workers.below_civo_minimum",
    }


def test_every_mistake_is_reported_at_once() -> None:
    broken = replace(a_control_plane(1), ip="here", subnet="x", disk_device="/dev/sda1")

    with pytest.raises(ValidationFailed) as refused:
        review(replace(a_request(), name="A", control_planes=(broken,)), a_world()).accepted()

    assert [violation.path for violation in refused.value.violations] == [
        "controlPlanes[0].diskDevice",
        "controlPlanes[0].ip",
        "controlPlanes[0].subnet",
        "name",
    ]
    assert refused.value.code == "VALIDATION_FAILED"


def test_an_unreadable_field_hides_no_mistake_in_another() -> None:
    broken = replace(a_control_plane(1), asset_id="asset-99", ip="here")

    found = review(replace(a_request(), control_planes=(broken, *a_request().control_planes[1:])), a_world()).errors

    assert {finding.rule for finding in found} == {"asset.unknown", "address.malformed"}


def test_a_sentence_names_the_place_what_was_there_and_what_would_pass() -> None:
    broken = replace(a_control_plane(1), ip="10.0.0.5")

    found = review(replace(a_request(), control_planes=(broken, *a_request().control_planes[1:])), a_world()).errors

    assert [finding.message for finding in found if finding.rule == "node.ip.outside_subnet"] == [
        "controlPlanes[0].ip is 10.0.0.5 in 10.0.0.0/24; it must be in one subnet with the gateway 192.168.1.1"
    ]


def test_findings_of_the_tenth_node_come_after_those_of_the_second() -> None:
    nodes = tuple(replace(a_control_plane(number), ip="here") for number in range(1, 12))

    found = review(replace(a_request(), control_planes=nodes), a_world()).errors

    paths = [finding.path for finding in found if finding.rule == "address.malformed"]
    assert paths == [f"controlPlanes[{number}].ip" for number in range(11)]


def test_what_refuses_is_no_warning_and_what_warns_refuses_nothing() -> None:
    answer = review(replace(a_request(), name="a" * 41, gateway="here"), a_world())

    assert [finding.rule for finding in answer.errors] == ["address.malformed"]
    assert [finding.rule for finding in answer.warnings] == ["cluster.name.long"]
