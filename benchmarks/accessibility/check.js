// What axe-core finds on the report page, in headless chromium, at two widths, light and dark, and
// what runs over the edge of a printed sheet.
//
//   cd benchmarks/accessibility && npm ci && node check.js ../../reports/mini/index.html
//
// chromium and chromedriver are taken from the PATH. One line a finding; exit status 1 where there
// is any. Tables that run over the right edge are told too (they scroll), and are no finding.

import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { Builder } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";

const WIDTHS = [1280, 380];
const SCHEMES = ["light", "dark"];
const SHEET = 718; // A4 without chromium's margins, in CSS pixels
const MEGABYTES = 10;

// Runs in the page: `axe.run` gives a promise, chromedriver wants a callback.
const RUN = "const done = arguments[arguments.length - 1];"
  + "axe.run().then((result) => done(result.violations), (error) => done(String(error)));";
const WIDE = "return [...document.querySelectorAll('.scroll')]"
  + ".filter((box) => box.scrollWidth > box.clientWidth + 1)"
  + ".map((box) => `${box.getAttribute('aria-label')}: ${box.scrollWidth - box.clientWidth} px`);";

const UNFOLD = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; });";
const OVER = "return [...document.querySelectorAll('table, svg, img, p, pre')]"
  + ".filter((one) => one.getBoundingClientRect().right > innerWidth + 1)"
  + ".map((one) => one.closest('.scroll')?.getAttribute('aria-label') ?? one.textContent.slice(0, 60));";

function which(program) {
  return execFileSync("which", [program], { encoding: "utf-8" }).trim();
}

async function browser() {
  const options = new chrome.Options().addArguments("--headless=new", "--no-sandbox");
  options.setChromeBinaryPath(which("chromium"));
  return new Builder()
    .forBrowser("chrome")
    .setChromeOptions(options)
    .setChromeService(new chrome.ServiceBuilder(which("chromedriver")))
    .build();
}

async function check(driver, address, width, scheme) {
  const screen = { width, height: 900, deviceScaleFactor: 1, mobile: false };
  await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", screen);
  const features = [{ name: "prefers-color-scheme", value: scheme }];
  await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features });
  await driver.get(address);
  const wide = await driver.executeScript(WIDE);
  await driver.executeScript(UNFOLD);
  await driver.executeScript(axe.source);
  const found = await driver.executeAsyncScript(RUN);
  if (typeof found === "string") throw new Error(found);
  for (const { impact, id, help, nodes } of found) {
    const places = nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ");
    console.log(`${width} px ${scheme}: ${impact} ${id}, ${help}: ${nodes.length} places, ${places}`);
  }
  for (const line of wide) console.log(`${width} px ${scheme}: scrolls, ${line}`);
  return found.length;
}

async function printed(driver, address) {
  const sheet = { width: SHEET, height: 1000, deviceScaleFactor: 1, mobile: false };
  await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", sheet);
  await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { media: "print" });
  await driver.get(address);
  await driver.executeScript(UNFOLD);
  const over = await driver.executeScript(OVER);
  for (const place of over) console.log(`printed: over the edge of the sheet, ${place}`);
  return over.length;
}

const page = process.argv[2];
if (!page) {
  console.error("usage: node check.js PAGE.html");
  process.exit(2);
}
const megabytes = statSync(page).size / 1e6;
let findings = 0;
if (megabytes >= MEGABYTES) {
  console.log(`the page has ${megabytes.toFixed(1)} MB, more than ${MEGABYTES}`);
  findings += 1;
}
const driver = await browser();
try {
  await driver.manage().setTimeouts({ script: 300_000, pageLoad: 120_000 });
  const address = pathToFileURL(resolve(page)).href;
  findings += await printed(driver, address);
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) findings += await check(driver, address, width, scheme);
  }
} finally {
  await driver.quit();
}
console.log(`${findings} findings, ${megabytes.toFixed(1)} MB`);
process.exit(findings ? 1 : 0);
