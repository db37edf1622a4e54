// The part of culori that Plotly asks for, without the color spaces that no figure uses.
import { converter, formatHex, formatRgb, modeHsl, modeLrgb, modeRgb, useMode, wcagContrast, wcagLuminance } from "culori/fn";

useMode(modeRgb);
useMode(modeHsl);
useMode(modeLrgb); // of contrasts
export { converter, formatHex, formatRgb, wcagContrast, wcagLuminance };
