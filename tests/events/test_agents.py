"""Who calls itself what: browsers, systems, devices, and each published bot."""

from __future__ import annotations

import time
from pathlib import Path

import crawleruseragents
import pytest

from apps.events.agents import MATCHED_CHARACTERS, Agent, _read, read_agent
from apps.events.bots import BOT_MARKS, bot_name

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
COMPATIBLE = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; "
META_HELP = "(+https://developers.facebook.com/docs/sharing/webmasters/crawler)"

PEOPLE = [
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
     "chrome", "windows", "desktop"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36", "chrome", "linux", "desktop"),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
     "chrome", "unknown", "desktop"),
    (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36",
     "chrome", "android", "mobile"),
    (f"Mozilla/5.0 (Linux; Android 13; SM-X700) {WEBKIT} Chrome/130.0.0.0 Safari/537.36",
     "chrome", "android", "tablet"),
    (f"Mozilla/5.0 (Linux; Android 10; CUBOT X30) {WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36",
     "chrome", "android", "mobile"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "CriOS/120.0.6099.119 Mobile/15E148 Safari/604.1", "chrome", "ios", "mobile"),
    (f"Mozilla/5.0 (Linux; Android 9; AFTMM) {WEBKIT} Silk/120.1 like Chrome/120.0 Safari/537.36",
     "unknown", "android", "unknown"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "firefox", "linux", "desktop"),
    ("Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0", "firefox", "android", "mobile"),
    ("Mozilla/5.0 (Android 14; Tablet; rv:130.0) Gecko/130.0 Firefox/130.0", "firefox", "android", "tablet"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.4 Safari/605.1.15", "safari", "macos", "desktop"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.5 Mobile/15E148 Safari/604.1", "safari", "ios", "mobile"),
    ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.5 Mobile/15E148 Safari/604.1", "safari", "ios", "tablet"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
     "edge", "windows", "desktop"),
    ("Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "ie", "windows", "desktop"),
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0",
     "opera", "windows", "desktop"),
    (f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
     "unknown", "android", "mobile"),
    ("Mozilla/5.0 (Linux; Android 16; Pixel 10 Build/CP1A.260305.018; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Version/4.0 Chrome/146.0.7680.174 Mobile Safari/537.36 MetaIAB Facebook", "chrome", "android", "mobile"),
]  # fmt: skip

BOTS = [
    ("googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("googlebot", "Googlebot-Image/1.0"),
    ("bingbot", f"{COMPATIBLE}bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/103.0.5060.134 Safari/537.36"),
    ("duckduckbot", "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)"),
    ("duckassist", "DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)"),
    ("facebookbot", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    ("facebookbot", "Mozilla/5.0 (compatible; FacebookBot/1.0; +https://developers.facebook.com/docs)"),
    ("applebot", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)"),
    ("chatgpt", f"{COMPATIBLE}ChatGPT-User/1.0; +https://openai.com/bot)"),
    ("openai", f"{COMPATIBLE}OAI-SearchBot/1.0; +https://openai.com/searchbot)"),
    ("openai", "openai-mcp/1.0.0"),
    ("gptbot", f"{COMPATIBLE}GPTBot/1.2; +https://openai.com/gptbot)"),
    ("claude", f"{COMPATIBLE}Claude-User/1.0; +Claude-User@anthropic.com)"),
    ("claude", f"{COMPATIBLE}Claude-SearchBot/1.0; +https://www.anthropic.com)"),
    ("claudebot", f"{COMPATIBLE}ClaudeBot/1.0; +claudebot@anthropic.com)"),
    ("anthropic", "anthropic-ai"),
    ("claude-code", "Claude-User (claude-code/2.1.86; +https://support.anthropic.com/)"),
    ("claude-code", "claude-code/2.1.86 (cli)"),
    ("gemini", f"{COMPATIBLE}Gemini-Deep-Research; +https://gemini.google/overview/deep-research/) Chrome/135.0.0.0"),
    ("gemini", "GeminiCLI/0.9.0 (linux; x64)"),
    ("perplexity", f"{COMPATIBLE}PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)"),
    ("perplexity", f"{COMPATIBLE}Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)"),
    ("cohere", "cohere-ai"),
    ("mistral", f"{COMPATIBLE}MistralAI-User/1.0; +https://docs.mistral.ai/robots)"),
    ("mistral", f"{COMPATIBLE}MistralAI-Index/1.0; +https://docs.mistral.ai/robots)"),
    ("deepseek", "Mozilla/5.0 (compatible; DeepSeekBot/1.0; +https://www.deepseek.com/bot)"),
    ("meta", f"meta-externalagent/1.1 {META_HELP}"),
    ("meta-fetcher", f"meta-externalfetcher/1.1 {META_HELP}"),
    ("meta-webindexer", f"meta-webindexer/1.1 {META_HELP}"),
    ("meta-ads", f"meta-externalads/1.1 {META_HELP}"),
    ("bytespider", "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
     "(compatible; Bytespider; spider-feedback@bytedance.com)"),
    ("ccbot", "CCBot/2.0 (https://commoncrawl.org/faq/)"),
    ("amazonbot", f"{COMPATIBLE}Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot) Chrome/119.0.6045.214"),
    ("amzn-searchbot", f"{COMPATIBLE}Amzn-SearchBot/0.1) Chrome/119.0.6045.214 Safari/537.36"),
    ("amzn-user", f"{COMPATIBLE}Amzn-User/0.1) Chrome/119.0.6045.214 Safari/537.36"),
    ("youbot", "YouBot (+http://www.you.com)"),
    ("youbot", "Mozilla/5.0 (compatible; YouBot/1.0; +https://about.you.com/youbot/)"),
    ("grok", "GrokBot/1.0 (+https://x.ai)"),
    ("cursor", f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Cursor/1.4.5 Chrome/132.0 Electron/34.5.8"),
    ("vscode", f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Code/1.97.2 Chrome/132.0.6834.196 Electron/34.2.0"),
    ("codex", "codex_cli_rs/0.46.0 (Mac OS 15.6.1; arm64) xterm-256color"),
    ("opencode", "opencode-smartfetch/1.0"),
    ("github-copilot", "GitHubCopilotChat/0.31.0"),
]  # fmt: skip


SEEN = "no page of the operator names it: as it was seen by public lists of crawlers"
PROGRAM = "no page of the operator names it: as the program itself was seen to send it"
SOURCES = {
    "amazonbot": "https://developer.amazon.com/amazonbot",
    "amzn-searchbot": "https://developer.amazon.com/amazonbot",
    "amzn-user": "https://developer.amazon.com/amazonbot",
    "anthropic": SEEN,
    "applebot": "https://support.apple.com/en-us/119829",
    "bingbot": "https://www.bing.com/webmasters/help/which-crawlers-does-bing-use-8c184ec0",
    "bytespider": SEEN,
    "ccbot": "https://commoncrawl.org/ccbot",
    "chatgpt": "https://platform.openai.com/docs/bots",
    "claude": "https://support.anthropic.com/en/articles/8896518",
    "claude-code": PROGRAM,
    "claudebot": "https://support.anthropic.com/en/articles/8896518",
    "codex": "https://github.com/openai/codex",
    "cohere": SEEN,
    "cursor": PROGRAM,
    "deepseek": SEEN,
    "duckassist": "https://duckduckgo.com/duckduckgo-help-pages/results/duckassistbot",
    "duckduckbot": "https://duckduckgo.com/duckduckgo-help-pages/results/duckduckbot",
    "facebookbot": "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers",
    "gemini": "https://github.com/google-gemini/gemini-cli",
    "github-copilot": PROGRAM,
    "googlebot": "https://developers.google.com/search/docs/crawling-indexing/google-common-crawlers",
    "gptbot": "https://platform.openai.com/docs/bots",
    "grok": SEEN,
    "meta": "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers",
    "meta-ads": "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers",
    "meta-fetcher": "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers",
    "meta-webindexer": "https://developers.facebook.com/docs/sharing/webmasters/web-crawlers",
    "mistral": "https://docs.mistral.ai/en/robots",
    "openai": "https://platform.openai.com/docs/bots",
    "opencode": "https://github.com/sst/opencode",
    "perplexity": "https://docs.perplexity.ai/docs/resources/perplexity-crawlers",
    "vscode": "https://github.com/microsoft/vscode",
    "youbot": "https://about.you.com/youbot/",
}
"""Published name → where its operator documents the user agents above, or publishes the program that sends them."""
ACCURACY = Path(__file__).parents[2] / "docs" / "accuracy.md"


@pytest.mark.parametrize(("user_agent", "browser", "system", "device"), PEOPLE)
def test_a_person_is_told_by_browser_system_and_device(user_agent: str, browser: str, system: str, device: str) -> None:
    assert read_agent(user_agent) == Agent(browser=browser, os=system, device=device, bot="")


@pytest.mark.parametrize(("name", "user_agent"), BOTS)
def test_a_bot_with_a_published_name_gets_it(name: str, user_agent: str) -> None:
    assert read_agent(user_agent).bot == name


def test_the_34_published_names_are_all_told() -> None:
    assert len(BOT_MARKS) == 34
    assert {name for name, _ in BOTS} == set(BOT_MARKS) == set(SOURCES)


def test_the_names_that_no_operator_documents_are_said_on_the_page_of_accuracy() -> None:
    listed = " · ".join(name for name, source in SOURCES.items() if not source.startswith("https://"))
    assert listed == "anthropic · bytespider · claude-code · cohere · cursor · deepseek · github-copilot · grok"
    assert listed in ACCURACY.read_text()


@pytest.mark.parametrize(
    "user_agent",
    [
        *("", "   ", "curl/8.5.0", "python-requests/2.31.0", "axios/1.8.4", "Go-http-client/2.0", "node", "garbage"),
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; Example Pages 2.2; Website Thumbnail Maker)",
        "FreshRSS/1.11.2 (Linux; https://freshrss.org) like Googlebot",
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/130.0.0.0 Safari/537.36",
    ],
)
def test_any_other_automatic_client_is_an_unknown_bot(user_agent: str) -> None:
    assert read_agent(user_agent).bot == "unknown"


def test_every_crawler_of_the_public_list_is_a_bot_but_the_browsers_inside_apps() -> None:
    listed = {agent for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA for agent in entry.get("instances", [])}
    taken_for_people = {agent for agent in listed if bot_name(agent) == ""}
    assert len(listed) > 2000
    apps = {agent.rpartition(" Safari/537.36 ")[2].partition(" ")[0] for agent in taken_for_people}
    assert apps == {"MetaIAB", "Instagram"}


@pytest.mark.parametrize(
    "user_agent",
    [
        f"Mozilla/5.0 (Linux; Android 13; Spider 8) {WEBKIT} Chrome/124.0.0.0 Safari/537.36",
        f"Mozilla/5.0 (Linux; Android 8.1.0; Newsday_E1) {WEBKIT} Chrome/84.0.4147.125 Mobile Safari/537.36",
        f"Mozilla/5.0 (Linux; U; Android 4.2.2; it-it; S222 Build/CUBOT) {WEBKIT} Version/4.0 Mobile Safari/534.30",
        f"Mozilla/5.0 (Linux armv7l) {WEBKIT} Chrome/84.0.4147.140 Safari/537.36 OPR/46.0 OMI/4.21.4.112.Catcher4.69",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.0; Trident/4.0; chromeframe; SLCC1; .NET CLR 3.5.30729)",
        "dv(iPh14,2);pr(UCBrowser/11.3.5.1203);ov(15_4);ss(375x812);bt(GJ);pm(0);bv(0);nm(0);im(0);nt(2);",
    ],
)
def test_the_name_of_a_device_accuses_nobody(user_agent: str) -> None:
    assert bot_name(user_agent) == ""


def test_a_bot_that_names_itself_beside_the_device_is_still_told() -> None:
    agent = f"Mozilla/5.0 (Linux; Android 7.0; SM-G930V; compatible; ImagesiftBot) {WEBKIT} Chrome/99.0 Safari/537.36"
    assert bot_name(agent) == "unknown"


@pytest.mark.parametrize(
    "repeated",
    [
        *(
            "a 1.1 ",
            "Android 1; ",
            "Android 1; en-us; x ",
            "mozilla/5.0 (",
            "like ",
            "(((((",
            "))))",
            "\\d\\",
            "é",
            "\x00",
        ),
        *("Chrome/1.0 Safari/1.0 ", "Opera Mini ", "silk/ ", "a/1.0;", "compatible; ", "aft", "0.", "-_", "a" * 64),
    ],
)
def test_of_a_very_long_agent_only_the_beginning_costs_time(repeated: str) -> None:
    """Eight KiB take no longer than the part that is looked at, and that less than twenty times an everyday agent's."""
    long = (f"{PEOPLE[0][0]} mozilla/5.0 (" + repeated * 8192)[:8192]
    assert len(long) == 8192
    assert read_agent(long) is read_agent(long[:MATCHED_CHARACTERS])
    assert cost(long[:MATCHED_CHARACTERS]) < 20 * cost("".join(agent for agent, *_ in PEOPLE[:4])[:MATCHED_CHARACTERS])


def cost(user_agent: str) -> float:
    """Seconds that this thread computes for one agent that is not yet known; the least of nine."""
    return min(timed(user_agent) for _ in range(9))


def timed(user_agent: str) -> float:
    _read.cache_clear()
    before = time.thread_time()
    read_agent(user_agent)
    return time.thread_time() - before
