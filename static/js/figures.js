// Draws the figures that the server sent as Plotly's JSON, in the colours of the style sheet.

const dark = matchMedia("(prefers-color-scheme: dark)");
const hovers = matchMedia("(hover: hover)");
const OPTIONS = { displayModeBar: false, doubleClick: false, scrollZoom: false };

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
};

const scale = (colour) => [
  [0, colour("scale-low")],
  [1, colour("scale-high")],
];

const PAINT = {
  scatter: (trace, colour) => ({
    fillcolor: colour(`${trace.meta}-soft`) || colour(trace.meta),
    line: { ...trace.line, color: colour(trace.meta) },
    marker: { ...trace.marker, color: colour(trace.meta) },
  }),
  bar: (trace, colour) => ({
    marker: { ...trace.marker, color: colour(trace.meta) },
    outsidetextfont: { color: colour("figure-ink") },
    insidetextfont: { color: colour("surface") },
  }),
  choropleth: (trace, colour) => ({
    colorscale: scale(colour),
    marker: { ...trace.marker, line: { ...trace.marker.line, color: colour("surface") } },
  }),
  // Nothing at all is another colour than the least of something.
  heatmap: (trace, colour) => ({ colorscale: [[0, colour("scale-none")], [1e-6, colour("scale-low")], scale(colour)[1]] }),
};

const paintAxis = (axis, colour) => ({
  ...axis,
  gridcolor: colour("figure-grid"),
  zerolinecolor: colour("figure-line"),
  spikecolor: colour("figure-line"),
  tickfont: { color: colour("figure-ink"), size: 11.5 },
});

const paintMap = (geo, colour) => ({ ...geo, landcolor: colour("figure-land"), countrycolor: colour("surface") });

const PARTS = { xaxis: paintAxis, yaxis: paintAxis, geo: paintMap };

const paintLayout = (layout, colour) => {
  const painted = {
    ...layout,
    // The pointer's line has an outline of this colour.
    plot_bgcolor: colour("surface"),
    font: { family: colour("font"), color: colour("figure-ink"), size: 12 },
    hoverlabel: {
      align: "left",
      namelength: -1,
      bgcolor: colour("figure-surface"),
      bordercolor: colour("figure-line"),
      font: { family: colour("font"), color: colour("ink"), size: 12.5 },
    },
  };
  for (const [part, paint] of Object.entries(PARTS)) if (layout[part]) painted[part] = paint(layout[part], colour);
  return painted;
};

/** The address of this site that a click on one of the points leads to, if any does. */
const addressOf = (points) => {
  const ends = points.map(({ customdata }) => [customdata].flat().at(-1));
  const found = ends.find((end) => typeof end === "string" && /^[/?]/.test(end));
  const address = found && new URL(found, location.href);
  return address?.origin === location.origin ? address.href : undefined;
};

/** Goes there as a link does, so that whatever listens to links hears of it. */
const follow = (address) => {
  const link = Object.assign(document.createElement("a"), { href: address, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
};

const listen = (place) => {
  place.on("plotly_hover", ({ points }) => place.classList.toggle("leads", hovers.matches && !!addressOf(points)));
  place.on("plotly_unhover", () => place.classList.remove("leads"));
  // A finger that touches a mark wants to read it; the table has the same links.
  place.on("plotly_click", ({ points }) => {
    const address = hovers.matches && addressOf(points);
    if (address) follow(address);
  });
};

/** The places that are drawn, and how wide. */
const drawn = new Map();

const draw = (place) => {
  const { data, layout } = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const colour = colours();
  const traces = data.map((trace) => ({ ...trace, ...PAINT[trace.type](trace, colour) }));
  window.Plotly.react(place, traces, paintLayout(layout, colour), OPTIONS);
  const isNew = !drawn.has(place);
  drawn.set(place, place.clientWidth);
  if (!isNew) return;
  sights.unobserve(place);
  sizes.observe(place);
  listen(place);
};

const forget = (place) => {
  sizes.unobserve(place);
  drawn.delete(place);
  window.Plotly.purge(place);
};

// A place that leaves the page changes its size a last time.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const width = target.clientWidth;
    if (!target.isConnected) forget(target);
    else if (width && width !== drawn.get(target)) {
      drawn.set(target, width);
      window.Plotly.Plots.resize(target);
    }
  }
});

const sights = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) draw(target);
  },
  { rootMargin: "200px" },
);

const watchAll = () => {
  for (const place of document.querySelectorAll("[data-figure]")) if (!drawn.has(place)) sights.observe(place);
};

const onPaper = (yes) => {
  document.documentElement.classList.toggle("on-paper", yes);
  document.querySelectorAll("[data-figure]").forEach(draw);
  for (const picture of document.querySelectorAll("[data-figure] .main-svg")) {
    if (yes) picture.setAttribute("viewBox", `0 0 ${picture.getAttribute("width")} ${picture.getAttribute("height")}`);
    else picture.removeAttribute("viewBox");
  }
};

watchAll();
// A panel that loaded by itself may bring a figure.
document.addEventListener("htmx:after:swap", watchAll);
dark.addEventListener("change", () => [...drawn.keys()].forEach(draw));
addEventListener("beforeprint", () => onPaper(true));
addEventListener("afterprint", () => onPaper(false));
