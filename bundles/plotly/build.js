// Makes plotly-insights.min.js and LICENSES in static/vendor/plotly, or in the folder that the first argument names.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { minify } from "terser";
import { world } from "./world.js";

const { version } = createRequire(import.meta.url)("plotly.js/package.json");
const TITLE = `/* plotly.js v${version}: scatter, bar, heatmap, choropleth. MIT licence, with parts of others: see LICENSES. */`;
const SMALLER = { culori: "colours.js", "country-iso-search": "countries.js", "d3-geo-projection": "projections.js" };

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const replace = {
  name: "replace",
  setup({ onLoad, onResolve }) {
    const names = new RegExp(`^(${Object.keys(SMALLER).join("|")})$`);
    onResolve({ filter: names }, ({ path }) => ({ path: here(SMALLER[path]) }));
    onResolve({ filter: /^world$/ }, ({ path }) => ({ path, namespace: "made" }));
    onLoad({ filter: /^world$/, namespace: "made" }, () => ({ contents: JSON.stringify(world()), loader: "json" }));
  },
};

// The licence of each package that is in the bundle, with the words that it wants to be handed on.
const licences = (inputs) => {
  const folders = inputs.map((path) => path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean);
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version: of, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const words = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${of} (${license})\n\n${words}\n`;
  });
};

const { metafile, outputFiles } = await build({
  entryPoints: [here("index.cjs")],
  bundle: true,
  write: false,
  metafile: true,
  minify: true,
  format: "iife",
  globalName: "Plotly",
  target: "es2020",
  // As plotly.js builds its own bundles.
  define: { global: "window", "define.amd": "false" },
  loader: { ".css": "empty" },
  legalComments: "none",
  plugins: [replace],
  logLevel: "warning",
});
const { code } = await minify(outputFiles[0].text, { ecma: 2020, format: { preamble: TITLE } });
const folder = process.argv[2] ?? here("../../static/vendor/plotly");
const [{ inputs }] = Object.values(metafile.outputs);
const bundled = Object.entries(inputs).filter(([path, { bytesInOutput }]) => bytesInOutput > 0 && !path.endsWith(".css"));
writeFileSync(join(folder, "plotly-insights.min.js"), `${code}\n`);
writeFileSync(join(folder, "LICENSES"), licences(bundled.map(([path]) => path)).join(`\n${"-".repeat(80)}\n\n`));
