"""The contract of couriers, as tests."""

from collections.abc import AsyncIterator, Callable

import pytest

from colony_core.ports.webhooks import Courier, EndpointRefused, EndpointUnreachable
from colony_testkit.endpoint import OK, SILENCE, Endpoint

HEADERS = {"Content-Type": "application/json", "X-Colony-Event-ID": "7"}
BODY = '{"message":"é"}'.encode()


class CourierContract:
    """Subclass it, give it a fixture `courier` whose deadline is short, and the adapter is tested.

    The endpoint is on a loopback address: the courier under test must be one that may go there.
    """

    @pytest.fixture
    async def endpoint(self) -> AsyncIterator[Endpoint]:
        """An endpoint that takes everything, until it is told otherwise."""
        async with Endpoint().listening() as endpoint:
            yield endpoint

    async def test_a_message_arrives_word_for_word(self, courier: Courier, endpoint: Endpoint) -> None:
        await courier.deliver(endpoint.url, HEADERS, BODY)

        (received,) = endpoint.received
        assert (received.method, received.target, received.body) == ("POST", "/hook?from=colony", BODY)
        assert received.headers["content-type"] == "application/json"
        assert received.headers["x-colony-event-id"] == "7"
        assert received.headers["host"] == f"127.0.0.1:{endpoint.port}"

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_a_success_is_one(self, courier: Courier, endpoint: Endpoint, status: int) -> None:
        endpoint.says(status)

        await courier.deliver(endpoint.url, HEADERS, BODY)

    @pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 429, 500, 502, 503, 504])
    async def test_what_may_pass_may_be_tried_again(self, courier: Courier, endpoint: Endpoint, status: int) -> None:
        endpoint.says(status)

        with pytest.raises(EndpointUnreachable, match=str(status)):
            await courier.deliver(endpoint.url, HEADERS, BODY)

    @pytest.mark.parametrize("status", [400, 410, 413, 415, 422])
    async def test_what_will_never_be_taken_is_refused(self, courier: Courier, endpoint: Endpoint, status: int) -> None:
        endpoint.says(status)

        with pytest.raises(EndpointRefused, match=str(status)):
            await courier.deliver(endpoint.url, HEADERS, BODY)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_no_redirect_is_followed(self, courier: Courier, endpoint: Endpoint, status: int) -> None:
        endpoint.says(status)

        with pytest.raises(EndpointUnreachable, match="redirects are not followed"):
            await courier.deliver(endpoint.url, HEADERS, BODY)
        assert len(endpoint.received) == 1

    async def test_an_announcement_is_no_answer(self, courier: Courier, endpoint: Endpoint) -> None:
        endpoint.says(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 503 No\r\n\r\n")

        with pytest.raises(EndpointUnreachable, match="503"):
            await courier.deliver(endpoint.url, HEADERS, BODY)

    async def test_silence_ends_with_the_deadline(self, courier: Courier, endpoint: Endpoint) -> None:
        endpoint.says(SILENCE)

        with pytest.raises(EndpointUnreachable):
            await courier.deliver(endpoint.url, HEADERS, BODY)

    @pytest.mark.parametrize(
        "nonsense",
        [b"220 mail.example.com ESMTP\r\n", b"\x00\xff" * 100, b"HTTP/1.1 abc\r\n\r\n", b"x" * 200_000, b"HTTP/1.1 20"],
        ids=["another protocol", "bytes", "no status", "no end", "half"],
    )
    async def test_nonsense_is_no_success(self, courier: Courier, endpoint: Endpoint, nonsense: bytes) -> None:
        endpoint.says(nonsense)

        with pytest.raises(EndpointUnreachable):
            await courier.deliver(endpoint.url, HEADERS, BODY)

    async def test_nobody_at_home_may_be_tried_again(
        self, courier: Courier, unused_tcp_port_factory: Callable[[], int]
    ) -> None:
        with pytest.raises(EndpointUnreachable):
            await courier.deliver(f"http://127.0.0.1:{unused_tcp_port_factory()}/", HEADERS, BODY)

    async def test_a_name_without_an_address_may_be_tried_again(self, courier: Courier) -> None:
        with pytest.raises(EndpointUnreachable, match="nowhere"):
            await courier.deliver("http://nowhere.invalid/", HEADERS, BODY)

    async def test_an_error_names_no_secret(self, courier: Courier, endpoint: Endpoint) -> None:
        endpoint.says(500)

        with pytest.raises(EndpointUnreachable) as failed:
            await courier.deliver(f"{endpoint.url}&token=planted", HEADERS | {"X-Token": "planted"}, b"planted")
        assert "planted" not in str(failed.value)

    async def test_an_endpoint_that_recovers_is_believed(self, courier: Courier, endpoint: Endpoint) -> None:
        endpoint.says(503, OK)
        with pytest.raises(EndpointUnreachable):
            await courier.deliver(endpoint.url, HEADERS, BODY)

        await courier.deliver(endpoint.url, HEADERS, BODY)
