"""Hosts, paths and campaigns of addresses."""

from __future__ import annotations

import pytest

from apps.events.addresses import host_of, is_url, page_address, path_without_key


@pytest.mark.parametrize(
    ("url", "share_key", "path"),
    [
        ("https://a.example", None, "/"),
        ("https://a.example/", None, "/"),
        ("https://a.example///", None, "/"),
        ("https://a.example?x=/y", None, "/"),
        ("https://a.example#/y", None, "/"),
        ("https://a.example/guide/", None, "/guide"),
        ("https://a.example/guide/start//?q=1#top", None, "/guide/start"),
        ("https://a.example/Guide/caf%C3%A9%2F/x", None, "/Guide/caf%C3%A9%2F/x"),
        ("https://a.example/café", None, "/café"),
        ("https://a.example/a//b", None, "/a//b"),
        ("https://a.example/KEY", "KEY", "/"),
        ("https://a.example/KEY/guide", "KEY", "/guide"),
        ("https://a.example/s/KEY/guide/", "KEY", "/s/guide"),
        ("https://a.example/KEY/KEY/guide", "KEY", "/KEY/guide"),
        ("https://a.example/KEYS/guide", "KEY", "/KEYS/guide"),
        ("https://a.example/key/guide", "KEY", "/key/guide"),
        ("https://a.example/guide?KEY", "KEY", "/guide"),
        ("https://a.example/guide", "", "/guide"),
    ],
)
def test_a_path_is_without_host_query_fragment_slash_and_share_key(url: str, share_key: str | None, path: str) -> None:
    assert path_without_key(page_address(url).path, share_key) == path


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Docs.Acme.Example:8443/x", "docs.acme.example"),
        ("HTTP://docs.acme.example", "docs.acme.example"),
        ("https://ada:secret@docs.acme.example/x@y", "docs.acme.example"),
        ("https://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("https://bücher.example/", "bücher.example"),
        ("https://docs.acme.example?x", "docs.acme.example"),
        ("https://docs.acme.example:/", "docs.acme.example"),
    ],
)
def test_a_host_is_lower_case_without_port(url: str, host: str) -> None:
    assert (page_address(url).host, host_of(url)) == (host, host)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("", ""),
        ("about:blank", ""),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("mailto:ada@a.example", ""),
        ("data:text/plain,//a.example", ""),
        ("/relative//path", ""),
        ("//cdn.example/x", "cdn.example"),
        ("https:///x", ""),
        ("not a url", ""),
    ],
)
def test_an_address_without_a_host_has_an_empty_one(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        *("", "https://", "https:/a.example", "https://?", "https://:80/", "//a.example/", "javascript:alert(1)"),
        *("https://a.example/\n", "https://a.example/\u00a0", "https://a.example/\x85", " https://a.example/"),
        *("https://a b.example/", "https://a\\b/", "https://a.example:x/", "https://[zz]/", "https://<a>/"),
    ],
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a URL$"):
        page_address(url)


def test_a_url_has_a_scheme_and_no_white_space() -> None:
    assert [is_url(text) for text in ("android-app://x", "about:blank", "x", "a b:c", "1a:b", "http://a b", "")] == [
        *(True, True, False, False, False, False, False)
    ]


@pytest.mark.parametrize(
    ("query", "campaign"),
    [
        ("utm_source=news&utm_medium=mail&utm_campaign=c&utm_term=t&utm_content=x",
         {"utm_source": "news", "utm_medium": "mail", "utm_campaign": "c", "utm_term": "t", "utm_content": "x"}),
        ("utm_source=first&utm_source=second", {"utm_source": "first"}),
        ("utm_source=&utm_source=second", {}),
        ("UTM_SOURCE=x&Utm_Medium=y", {}),
        ("utm_campaign=spring%20sale+%C3%A9%26", {"utm_campaign": "spring sale é&"}),
        ("utm_term=a=b", {"utm_term": "a=b"}),
        ("utm_term", {}),
        ("utm_term=%ff", {"utm_term": "\ufffd"}),
        ("utm_id=1&xutm_source=2", {}),
        ("a=1#utm_source=fragment", {}),
    ],
)  # fmt: skip
def test_a_campaign_is_read_from_the_query(query: str, campaign: dict[str, str]) -> None:
    assert page_address(f"https://a.example/utm_source=path?{query}").campaign == campaign
