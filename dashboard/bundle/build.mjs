// Builds assets/built/plotly.js and its Brotli copy.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../../assets/built/plotly.js");
mkdirSync(here("../../assets/built"), { recursive: true });
await build({
  entryPoints: [here("entry.js")],
  outfile: target,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  legalComments: "none",
  banner: { js: "/*! plotly.js v4.1.1, Copyright Plotly, Inc., MIT license */" },
  define: { global: "window", "define.amd": "false" },
  logLevel: "warning",
});
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
writeFileSync(`${target}.br`, brotliCompressSync(readFileSync(target), options));
