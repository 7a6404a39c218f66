"""Automatic clients: the published bot names with the marks of their user agents, and everyone else's."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import crawleruseragents
import ua_parser_rs

UNKNOWN = "unknown"

BOT_MARKS: dict[str, str] = {
    "claude-code": r"claude-code|claudecode",
    "claudebot": r"claudebot",
    "claude": r"claude-(?:user|searchbot|web)",
    "anthropic": r"anthropic(?:-ai|/)",
    "chatgpt": r"chatgpt(?:[- ](?:user|agent)|/)",
    "gptbot": r"gptbot",
    "codex": r"codex(?:/|-cli|-tui|-mcp|-exec|_)",
    "openai": r"oai-|openai(?:-mcp)?/|openai mcp",
    "github-copilot": r"github[ -]?copilot|copilot(?:-cli|-swe-agent)?/",
    "cursor": r"cursor(?:bot|-agent|-mcp)?/|cursorbot",
    "opencode": r"opencode",
    "vscode": r"vscode|visual studio code|code/[0-9.]+ .*electron/",
    "gemini": r"gemini-deep-research|google-gemini|gemini-?cli|gemini-(?:ai|user)",
    "perplexity": r"perplexity(?:bot|-?user)",
    "cohere": r"cohere-",
    "mistral": r"mistral(?:ai|bot)",
    "deepseek": r"deepseek",
    "grok": r"grok(?:bot|-|/)|xai-(?:grok|searchbot|bot)",
    "meta-fetcher": r"meta-externalfetcher",
    "meta-webindexer": r"meta-webindexer",
    "meta-ads": r"meta-externalads",
    "meta": r"meta-externalagent",
    "facebookbot": r"facebookbot|facebookexternalhit|facebookcatalog|meta-externalhit",
    "duckassist": r"duckassistbot",
    "duckduckbot": r"duckduckbot|duckduckgo-favicons-bot",
    "amzn-searchbot": r"amzn-searchbot",
    "amzn-user": r"amzn-user",
    "amazonbot": r"amazonbot",
    "applebot": r"applebot",
    "bytespider": r"bytespider",
    "ccbot": r"ccbot",
    "youbot": r"youbot",
    "bingbot": r"bingbot|adidxbot|bingpreview",
    "googlebot": r"googlebot[/-]|\Agooglebot\Z",
}
"""Published name → marks, in lower case, that its operator documents; the first name that fits wins.

Narrower names stand before wider ones: Claude Code calls itself ``Claude-User (claude-code/…)``. An
agent that is only *like* Googlebot has no slash after that name.
"""

CRAWLERS = (
    "amazonbot",
    "amzn-searchbot",
    "applebot",
    "bingbot",
    "bytespider",
    "ccbot",
    "duckduckbot",
    "facebookbot",
    "googlebot",
    "meta-ads",
    "meta-webindexer",
)
"""Those of them that collect pages for an index or a preview; the others read for somebody, or for a model."""

_NAMED = tuple((name, re.compile(rf"(?<![a-z0-9])(?:{marks})")) for name, marks in BOT_MARKS.items())
_PEOPLE = frozenset({"MetaIAB Facebook"})
"""Patterns of the crawler list that are browsers inside apps, with a person before them."""

_MODEL = re.compile(r"(\bAndroid [\d.]+; (?:[a-z]{2}[-_][a-z]{2}; )?)[^;()]*(?=[;)])", re.IGNORECASE)
"""The name of a device, which says nothing about who uses it: CUBOT, Newsday, Discovery, Spider 8."""

_EVERYDAY = re.compile(
    r"\b(?:ce-html|nettv)/1\.0|\bsogou(?:mse|mobilebrowser)\b|\.catcher(?=\d)|\bchromeframe\b", re.IGNORECASE
)
"""Words of browsers and television sets in which the lists below see a bot's."""

_PICTURES = re.compile(r"thumbnail", re.IGNORECASE)
"""Makers of pictures of pages, of which the lists below know some by name only."""

_COMPRESSED = re.compile(r"\Adv\([^)]+\);pr\(UCBrowser/")
"""What UC Browser's proxies, which compress pages for a person, call themselves."""


def bot_name(agent: str) -> str:
    """The published name of the bot that calls itself ``agent``, ``unknown`` for another bot, ``""`` for a person.

    An agent that gives no name at all is automatic: every browser has one.
    """
    if not agent.strip():
        return UNKNOWN
    lower = agent.lower()
    for name, marks in _NAMED:
        if marks.search(lower):
            return name
    if _COMPRESSED.match(agent):
        return ""
    judged = _EVERYDAY.sub("", _MODEL.sub(r"\1", agent))
    automatic = _PICTURES.search(judged) or _isbot().search(judged) or _crawlers().extract(judged)
    return UNKNOWN if automatic else ""


@cache
def _isbot() -> re.Pattern[str]:
    """isbot's patterns (data/isbot.json, written for JavaScript) as one expression of ours."""
    listed = json.loads((Path(__file__).parent / "data" / "isbot.json").read_text())
    return re.compile("|".join(map(_from_javascript, listed["patterns"])), re.IGNORECASE | re.ASCII)


def _from_javascript(pattern: str) -> str:
    """The two forms that JavaScript allows and Python does not: ``\\d-.`` in a set, look-behinds of two widths."""
    return pattern.replace(r"[\w\d-.]", r"[\w\d.-]").replace("(?<! channel/|google/)", "(?<! channel/)(?<!google/)")


@cache
def _crawlers() -> ua_parser_rs.UserAgentExtractor:
    """The crawler list in the engine of ua-parser, which tries 1,500 patterns in microseconds; Python's needs 200."""
    listed = (entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA)
    patterns = (pattern.replace(r"\/", "/") for pattern in listed if pattern not in _PEOPLE)
    return ua_parser_rs.UserAgentExtractor((f"({pattern})", UNKNOWN, None, None, None, None) for pattern in patterns)
