// Draws the figures that the server sent as Plotly's JSON, in the colours of the style sheet.

const dark = matchMedia("(prefers-color-scheme: dark)");
const OPTIONS = { displayModeBar: false, responsive: true };

const colours = () => {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
};

const paintTrace = (trace, colour) => {
  const own = colour(`series-${trace.meta}`);
  return {
    ...trace,
    fillcolor: colour(`series-${trace.meta}-soft`) || own,
    line: { ...trace.line, color: own },
    marker: { ...trace.marker, color: own },
  };
};

const paintAxis = (axis, colour) => ({
  ...axis,
  gridcolor: colour("figure-grid"),
  spikecolor: colour("figure-line"),
  tickfont: { color: colour("figure-ink"), size: 11.5 },
});

const paintLayout = (layout, colour) => ({
  ...layout,
  // The pointer's line has an outline of this colour.
  plot_bgcolor: colour("surface"),
  font: { family: colour("font"), color: colour("figure-ink"), size: 12 },
  hoverlabel: {
    bgcolor: colour("figure-surface"),
    bordercolor: colour("figure-line"),
    font: { family: colour("font"), color: colour("ink"), size: 12.5 },
  },
  xaxis: paintAxis(layout.xaxis, colour),
  yaxis: paintAxis(layout.yaxis, colour),
});

const draw = (place) => {
  const { data, layout } = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  const colour = colours();
  window.Plotly.react(place, data.map((trace) => paintTrace(trace, colour)), paintLayout(layout, colour), OPTIONS);
};

const drawAll = (root) => root.querySelectorAll("[data-figure]").forEach(draw);

drawAll(document);
dark.addEventListener("change", () => drawAll(document));
// A panel that loaded by itself may bring a figure that is not drawn yet.
document.addEventListener("htmx:after:swap", () => {
  document.querySelectorAll("[data-figure]:not(.js-plotly-plot)").forEach(draw);
});
