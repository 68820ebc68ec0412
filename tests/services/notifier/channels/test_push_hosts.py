"""Where push messages may go: no subscription leads into the house."""

import pytest

from services.notifier.deliver.channels.push_hosts import HostNotAllowed, PushHosts

PUBLIC = PushHosts.of("")
DEMO = PushHosts.of("127.0.0.1, *.push.example")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://wns2-par02p.notify.windows.com/w/?token=abc",
        "https://FCM.googleapis.com./abc",
        "https://fcm.googleapis.com:8443/abc",
    ],
)
def test_the_public_push_services_are_allowed(endpoint: str) -> None:
    PUBLIC.check(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/",
        "http://127.0.0.1:8084/push/a",
        "https://localhost/push",
        "http://fcm.googleapis.com/abc",
        "https://fcm.googleapis.com.evil.example/abc",
        "https://evil-fcm.googleapis.com/abc",
        "https://push.services.mozilla.com/abc",
        "https://fcm.googleapis.com@evil.example/abc",
        "https://user:password@fcm.googleapis.com/abc",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "ftp://fcm.googleapis.com/",
        "//fcm.googleapis.com/",
        "https:///abc",
        "https://fcm.googleapis.com:99999/abc",
        "https://fcm.googleapis.com:0/abc",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com\\@evil.example/",
        "https://fcm.googleapis.com/" + "a" * 2000,
        "",
    ],
)
def test_nothing_else_is(endpoint: str) -> None:
    with pytest.raises(HostNotAllowed):
        PUBLIC.check(endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8084/push/a", "https://a.push.example/b"])
def test_a_list_of_ones_own_takes_their_place(endpoint: str) -> None:
    DEMO.check(endpoint)


@pytest.mark.parametrize(
    "endpoint", ["http://a.push.example/b", "http://127.0.0.2:8084/", "https://fcm.googleapis.com/abc"]
)
def test_plain_http_is_for_a_loopback_host_that_is_listed(endpoint: str) -> None:
    with pytest.raises(HostNotAllowed):
        DEMO.check(endpoint)
