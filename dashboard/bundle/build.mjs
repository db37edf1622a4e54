// Builds the bundle into the file that is named: node build.mjs <file>
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { dependencies } = JSON.parse(readFileSync(here("package.json"), "utf8"));
const TEXT = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/.source;
const DESCRIPTION = new RegExp(
  `\\bdescription: ?(?:\\[(?:[\\s,]|${TEXT})*\\]\\s*\\.join\\(' '\\)|(?:${TEXT})(?=\\s*[,}]))`,
  "g",
);

// What each attribute means, in words: a tenth of the size. Plotly's own builds leave it out too.
const withoutDescriptions = {
  name: "without-descriptions",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]plotly\.js[\\/]src[\\/].*\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(DESCRIPTION, 'description: ""'),
      loader: "js",
    }));
  },
};

// Every browser of this decade has promises.
const PLACED = { culori: here("colors.js"), "native-promise-only": here("nothing.js") };
const inPlace = {
  name: "in-place",
  setup({ onResolve }) {
    onResolve({ filter: /^(culori|native-promise-only)$/ }, ({ path }) => ({ path: PLACED[path] }));
  },
};

await build({
  entryPoints: [here("entry.js")],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  banner: { js: `/*! plotly.js v${dependencies["plotly.js"]}, Copyright Plotly, Inc., MIT license */` },
  define: { global: "window", "define.amd": "false" },
  loader: { ".css": "empty" }, // of maps, which are not in here
  plugins: [withoutDescriptions, inPlace],
  logLevel: "warning",
});
