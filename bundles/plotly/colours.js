// What plotly.js takes from culori, with the spaces that the style sheets write colours in: sRGB and HSL.

import { modeHsl, modeLrgb, modeRgb, useMode } from "culori/fn";

[modeRgb, modeHsl, modeLrgb].forEach(useMode);

export { converter, formatHex, formatRgb, wcagContrast, wcagLuminance } from "culori/fn";
