// Where a part of a page does not come, a sentence stands in its place, and a button that asks for it again.

const tell = ({ detail }) => {
  const { sourceElement: asked, target, hx } = detail.ctx ?? {};
  // What asks by itself every few seconds keeps what it shows until then; a page that is to be left needs no word.
  if (!target?.isConnected || hx?.refresh || asked.matches("[hx-trigger^='every']")) return;
  const told = document.getElementById("failed").content.cloneNode(true);
  told.querySelector("[data-busy]").hidden = detail.ctx.response?.status !== 429;
  const again = told.querySelector("[data-again]");
  for (const name of ["hx-get", "hx-include", "hx-swap", "data-tab"])
    if (asked.hasAttribute(name)) again.setAttribute(name, asked.getAttribute(name));
  target.toggleAttribute("data-failed", true);
  target.removeAttribute("aria-busy");
  target.querySelector(".tools")?.remove();
  target.replaceChildren(...target.querySelectorAll(":scope > .panel-head"), told);
  window.htmx.process(target);
};

document.addEventListener("htmx:response:error", tell);
document.addEventListener("htmx:error", tell);
