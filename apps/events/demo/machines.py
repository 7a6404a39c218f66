"""Crawlers, agents and feed readers: who they say they are and what they come for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Habit(Enum):
    """What a machine's visit looks like."""

    CRAWL = "page after page"
    READ = "a page or two as Markdown, for somebody who asked"
    INDEX = "llms.txt, then pages as Markdown"
    TOOL = "searches and questions through MCP"
    FEED = "the RSS feed"


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """A client without a person: share of such visits, the published bot name of its agent, home, habit."""

    share: float
    bot: str
    country: str
    habit: Habit
    agent: str


def _compatible(mark: str) -> str:
    return f"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; {mark})"


MACHINES = (
    Machine(15, "gptbot", "US", Habit.CRAWL, _compatible("GPTBot/1.2; +https://openai.com/gptbot")),
    Machine(14, "claudebot", "US", Habit.CRAWL, _compatible("ClaudeBot/1.0; +claudebot@anthropic.com")),
    Machine(
        13,
        "googlebot",
        "US",
        Habit.CRAWL,
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    Machine(6, "bingbot", "US", Habit.CRAWL, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    Machine(
        4,
        "bytespider",
        "SG",
        Habit.CRAWL,
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 "
        "(compatible; Bytespider; https://zhanzhang.toutiao.com/)",
    ),
    Machine(
        4,
        "unknown",
        "FR",
        Habit.CRAWL,
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    ),
    Machine(10, "chatgpt", "US", Habit.READ, _compatible("ChatGPT-User/1.0; +https://openai.com/bot")),
    Machine(9, "claude", "US", Habit.READ, _compatible("Claude-User/1.0; +Claude-User@anthropic.com")),
    Machine(4, "perplexity", "US", Habit.READ, _compatible("PerplexityBot/1.0; +https://perplexity.ai/perplexitybot")),
    Machine(6, "cursor", "US", Habit.INDEX, "Cursor/2.1.26 (darwin arm64)"),
    Machine(9, "claude-code", "US", Habit.TOOL, "claude-code/2.1.86 (cli)"),
    Machine(3, "codex", "US", Habit.TOOL, "codex_cli_rs/0.63.0 (Mac OS 15.6.0; arm64)"),
    Machine(2, "github-copilot", "US", Habit.TOOL, "GitHubCopilotChat/0.33.1"),
    Machine(
        3, "unknown", "DE", Habit.FEED, "Feedly/1.0 (+http://www.feedly.com/fetcher.html; like FeedFetcher-Google)"
    ),
)
