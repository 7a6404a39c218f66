// plotly.js with the kinds of pictures that the pages draw, and the world that its map needs.

const Plotly = require("plotly.js/lib/core");

Plotly.register([
  require("plotly.js/lib/bar"),
  require("plotly.js/lib/heatmap"),
  require("plotly.js/lib/choropleth"),
]);

// Plotly looks here before it asks any host for a map.
window.PlotlyGeoAssets = { topojson: { world_110m: require("world") } };

module.exports = Plotly;
