#include "server/http/console_page.hpp"

namespace tailrace::server {

const std::string_view console_page = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tailrace</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem; }
  h1 { font-size: 1.2rem; }
  textarea { box-sizing: border-box; font: 14px/1.5 ui-monospace, monospace; height: 9rem; padding: .5rem; width: 100%; }
  button { font: inherit; margin: .5rem .5rem .5rem 0; padding: .2rem 1rem; }
  table { border-collapse: collapse; font: 13px/1.5 ui-monospace, monospace; margin: .5rem 0; }
  th, td { border: 1px solid #8886; padding: .1rem .6rem; text-align: left; white-space: pre-wrap; }
  .null, .tag { opacity: .6; }
  .error { color: #c33; white-space: pre-wrap; }
  #results { overflow-x: auto; }
</style>
<h1>Tailrace</h1>
<form id="form">
  <textarea id="sql" spellcheck="false" autofocus>SELECT name, type FROM mz_objects WHERE id LIKE 'u%';</textarea>
  <button>Run (Ctrl+Enter)</button> <span id="time" class="tag"></span>
</form>
<div id="results"></div>
<script>
const element = (name, text, style) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (style) made.className = style;
  return made;
};
const cell = value => value === null ? element("td", "NULL", "null")
  : element("td", typeof value === "object" ? JSON.stringify(value) : String(value));
function table(result) {
  const made = element("table"), head = made.createTHead().insertRow(), body = made.createTBody();
  for (const column of result.desc.columns) head.append(element("th", column.name));
  for (const row of result.rows) body.insertRow().append(...row.map(cell));
  return made;
}
function show(result) {
  const shown = element("div");
  for (const notice of result.notices || []) {
    shown.append(element("div", notice.severity.toUpperCase() + ": " + notice.message, "tag"));
  }
  if (result.error) {
    const { message, code, detail, hint } = result.error;
    shown.append(element("div", ["ERROR " + code + ": " + message, detail, hint].filter(Boolean).join("\n"), "error"));
  } else {
    if (result.rows) shown.append(table(result));
    shown.append(element("div", result.ok || result.tag, "tag"));
  }
  return shown;
}
async function run() {
  const results = document.getElementById("results"), time = document.getElementById("time");
  const started = performance.now();
  time.textContent = "running";
  try {
    const answer = await fetch("/api/sql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query: document.getElementById("sql").value }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    results.replaceChildren(...(await answer.json()).results.map(show));
  } catch (error) {
    results.replaceChildren(element("div", error.message, "error"));
  }
  time.textContent = (performance.now() - started).toFixed(1) + " ms";
}
document.getElementById("form").addEventListener("submit", event => { event.preventDefault(); run(); });
document.getElementById("sql").addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
</script>
</html>
)html";

}  // namespace tailrace::server
