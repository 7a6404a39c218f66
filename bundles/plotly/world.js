// The countries of plotly.js's own map at 1:110 million, without what no page draws.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import { mergeArcs } from "topojson-client";

const require = createRequire(import.meta.url);
const LEFT_OUT = new Set(["ATA"]);
const STEPS = 5_000; // of the grid that points lie on: 0.018° from west to east, less than a pixel

const published = () => {
  const module = { exports: {} };
  runInNewContext(readFileSync(require.resolve("plotly.js/dist/plotly-geo-assets.js"), "utf8"), { module, window: {} });
  return module.exports.topojson.world_110m;
};

const polygons = ({ type, arcs }) => (type === "Polygon" ? [arcs] : arcs);

// Plotly fills the first shape of a code only, so all shapes of a country become one.
const byCode = (geometries) => {
  const countries = new Map();
  for (const each of geometries.filter(({ id }) => !LEFT_OUT.has(id))) {
    const { arcs, ...rest } = countries.get(each.id) ?? { ...each, type: "MultiPolygon", arcs: [] };
    countries.set(each.id, { ...rest, arcs: [...arcs, ...polygons(each)] });
  }
  return [...countries.values()];
};

const decode = (arc, { scale, translate }) => {
  let [x, y] = [0, 0];
  return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
};

const encode = (points, { scale, translate }) => {
  let [x, y] = [0, 0];
  const steps = points.map((point) => {
    const [nextX, nextY] = point.map((value, axis) => Math.round((value - translate[axis]) / scale[axis]));
    const step = [nextX - x, nextY - y];
    [x, y] = [nextX, nextY];
    return step;
  });
  const moved = steps.filter(([dx, dy], index) => index === 0 || dx || dy);
  return moved.length > 1 ? moved : [...moved, [0, 0]];
};

export const world = () => {
  const source = published();
  const countries = { type: "GeometryCollection", geometries: byCode(source.objects.countries.geometries) };
  const land = mergeArcs(source, countries.geometries);
  const used = new Map();
  const renumber = (arcs) =>
    arcs.map((arc) => {
      if (Array.isArray(arc)) return renumber(arc);
      const index = arc < 0 ? ~arc : arc;
      if (!used.has(index)) used.set(index, used.size);
      return arc < 0 ? ~used.get(index) : used.get(index);
    });
  for (const each of [...countries.geometries, land]) each.arcs = renumber(each.arcs);
  const [west, south, east, north] = source.bbox;
  const transform = { scale: [(east - west) / STEPS, (north - south) / STEPS], translate: [west, south] };
  const arcs = [...used.keys()].map((index) => encode(decode(source.arcs[index], source.transform), transform));
  return { type: "Topology", objects: { countries, land }, arcs, bbox: source.bbox, transform };
};
