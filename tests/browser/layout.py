"""How things stand in a page, asked of the browser."""

from __future__ import annotations

STICKING_OUT = """cards => cards.flatMap((card) => {
  const edge = card.getBoundingClientRect().right + 1;
  const inside = [...card.querySelectorAll(":scope *:not(svg *)")].filter((each) => each.checkVisibility());
  return inside.filter((each) => each.getBoundingClientRect().right > edge && !each.matches(".hidden"))
    .map((each) => `${card.id}: ${each.className} ${each.textContent.trim().slice(0, 40)}`);
})"""
"""Of cards, what is seen and reaches beyond their right edge."""

LINES = """each => {
  const all = document.createRange();
  all.selectNodeContents(each);
  return new Set([...all.getClientRects()].map((line) => line.top)).size;
}"""
"""Of an element with words, in how many lines they are."""
