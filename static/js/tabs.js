// Keeps the tabs that were chosen in the address, and has them go along wherever the page leads: its links and forms were
// written before they were chosen.

const isTab = (name) => name.startsWith("tab.");

/** Puts the tabs of this page into what a link or form of a report sends; each of those says of when. */
const carry = (fields) => {
  if (!fields.has("range") && !fields.has("from")) return;
  for (const name of [...fields.keys()].filter(isTab)) fields.delete(name);
  for (const [name, value] of new URL(location.href).searchParams) if (isTab(name)) fields.append(name, value);
};

/** Puts into the parameters of an address what a tab chooses; the first of a card is not named. */
const choose = (parameters, tab) => {
  const chosen = new URL(tab.getAttribute("hx-get"), location.href).searchParams.get(tab.dataset.tab);
  if (chosen) parameters.set(tab.dataset.tab, chosen);
  else parameters.delete(tab.dataset.tab);
};

const complete = ({ target }) => {
  const link = target.closest("a[href]");
  if (link?.origin !== location.origin) return;
  const address = new URL(link.href);
  carry(address.searchParams);
  if (address.searchParams.has("query")) {
    // The way to the form that shares the report takes along all that its address says.
    const shared = new URLSearchParams(address.searchParams.get("query"));
    carry(shared);
    address.searchParams.set("query", shared);
  }
  if (link.dataset.tab) choose(address.searchParams, link);
  if (address.href !== link.href) link.href = address.href;
};

// However a link is taken: by a click, in another tab of the browser, or by its menu.
for (const way of ["click", "auxclick", "contextmenu"]) document.addEventListener(way, complete, true);
document.addEventListener("formdata", ({ formData }) => carry(formData));
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const tab = detail?.ctx.sourceEvent?.target.closest("[data-tab]");
  if (!tab || detail.ctx.response.status >= 400) return;
  const address = new URL(location.href);
  choose(address.searchParams, tab);
  address.hash = "";
  history.replaceState(history.state, "", address);
});
