"""What holds for every request, however it is spelled, and for every text that somebody might send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.clusters import ClusterCredentials
from colony_core.domain.secrets import Secret
from colony_core.domain.topology import (
    ClusterRequest,
    Growth,
    NodeRequest,
    Severity,
    World,
    as_request,
    canonical,
    review,
    review_growth,
)
from colony_testkit.broken_topologies import EXAMPLES, Example
from colony_testkit.topologies import a_cluster, a_request, a_spec, a_world
from colony_testkit.topology_strategies import (
    arbitrary_nodes,
    arbitrary_requests,
    damaged_requests,
    sound_requests,
    worlds,
)

any_request = st.one_of(arbitrary_requests, damaged_requests)
MARK = "s3cr3t"
"""In every secret of these tests, and in no other text."""

secrets = st.text(st.characters(codec="utf-8"), max_size=30).map(lambda text: f"{MARK}{text}{MARK}")


@given(request_=st.one_of(sound_requests(), any_request))
def test_the_canonical_form_of_a_canonical_form_is_itself(request_: ClusterRequest) -> None:
    once = canonical(request_)

    if once.spec is not None:
        assert canonical(as_request(once.spec, once.credentials)).spec == once.spec


@given(request_=sound_requests())
def test_no_spelling_of_a_sound_request_is_refused(request_: ClusterRequest) -> None:
    assert review(request_, a_world()).findings == ()


@given(request_=st.one_of(sound_requests(), damaged_requests), world=worlds())
def test_a_spec_has_no_finding_that_its_request_had_not(request_: ClusterRequest, world: World) -> None:
    first = review(request_, world)

    if first.spec is not None:
        again = review(as_request(first.spec, first.credentials), world)
        assert again.spec == first.spec
        assert {finding.rule for finding in again.findings} <= {finding.rule for finding in first.findings}


@given(request_=any_request, world=worlds())
def test_whatever_is_sent_gets_an_answer(request_: ClusterRequest, world: World) -> None:
    answer = review(request_, world)

    assert (answer.spec is None) == bool(answer.errors)


@given(nodes=st.lists(arbitrary_nodes, max_size=3).map(tuple), world=worlds())
def test_whatever_is_added_gets_an_answer(nodes: tuple[NodeRequest, ...], world: World) -> None:
    cluster = a_cluster(a_spec(a_request()))

    answer = review_growth(cluster, Growth(control_planes=nodes[:1], workers=nodes[1:]), world=world)

    assert (answer.spec is None) == bool(answer.errors)


@given(request_=any_request, world=worlds())
def test_findings_come_in_one_order_and_each_once(request_: ClusterRequest, world: World) -> None:
    findings = review(request_, world).findings

    assert findings == review(request_, world).findings
    assert len(findings) == len(set(findings))
    assert [f.severity for f in findings] == sorted((f.severity for f in findings), key=list(Severity).index)


@given(request_=any_request, world=worlds())
def test_strictness_turns_every_warning_into_an_error(request_: ClusterRequest, world: World) -> None:
    usual, strict = review(request_, world), review(request_, world, strict=True)

    assert strict.warnings == ()
    assert {(f.rule, f.path) for f in strict.errors} == {(f.rule, f.path) for f in usual.findings}


@given(request_=any_request, tokens=st.tuples(secrets, secrets, secrets), key=secrets, world=worlds())
def test_no_finding_shows_a_secret(
    request_: ClusterRequest, tokens: tuple[str, str, str], key: str, world: World
) -> None:
    credentials = ClusterCredentials(
        gitlab_token=Secret(tokens[0]), image_pull_secret=Secret(tokens[1]), civo_api_token=Secret(tokens[2])
    )
    private = f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----"

    for pasted in (private, key, f"ssh-ed25519 {key}"):
        answer = review(replace(request_, credentials=credentials, ssh_public_key=pasted), world)

        assert MARK not in repr(answer.findings)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_finding_reads_as_one_line(example: Example) -> None:
    for finding in example.found():
        assert "\n" not in finding.message
        assert len(finding.message) < 300
