// Keys, double clicks, dialogs, what refreshes itself, and the way back: what pages do beyond their forms and links.
"use strict";

const ROOT = "/console";
const KEYS_COOKIE = "mk_atalhos";
const SECOND_KEY_WITHIN = 1000;
const QUICK = { every: 5, during: 60 };

const find = (selector, within = document) => within.querySelector(selector);
const announce = (text) => { const line = find("#avisador"); if (line && text) line.textContent = text; };

// --- dialogs ---------------------------------------------------------------------------------------------------------

let opener = null;

const open = (dialog, button) => {
  if (!dialog || dialog.open) return;
  opener = button;
  dialog.showModal();
  const first = find("input:not([type=hidden]), textarea, select", dialog);
  if (first) first.focus();
};

document.addEventListener("click", (event) => {
  // one that submits leads to the action's own page where there is no script: it names its dialog otherwise
  const button = event.target.closest("button[commandfor], button[data-dialog]");
  const dialog = button && document.getElementById(button.getAttribute("commandfor") || button.dataset.dialog);
  if (!dialog) return;
  // done here for every browser, so that the first field has focus in each
  event.preventDefault();
  if (button.getAttribute("command") === "close") dialog.close();
  else open(dialog, button);
});

document.addEventListener("close", (event) => {
  if (!event.target.matches("dialog:not(#entrar-de-novo)")) return;
  const again = opener && (opener.isConnected ? opener : document.getElementById(opener.id));
  opener = null;
  if (again) again.focus();
}, true);

// --- keys ------------------------------------------------------------------------------------------------------------

const singleKeys = () => !document.cookie.split("; ").includes(`${KEYS_COOKIE}=0`);
const goTo = { p: "/painel/pendentes", f: "/painel/finalizados", v: "/visao-geral", i: "/inalcancaveis" };
let firstKeyAt = -Infinity;

const links = () => [...document.querySelectorAll("#linhas tr a[id]")];

const move = (step) => {
  const rows = links();
  const now = document.activeElement && document.activeElement.closest("#linhas tr");
  const at = rows.findIndex((link) => link.closest("tr") === now);
  const next = rows[at < 0 ? (step > 0 ? 0 : -1) : at + step];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
};

const act = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => { const field = find("#q"); if (field) { field.focus(); field.select(); } },
  n: () => { location.href = `${ROOT}/atendimentos/novo`; },
  g: () => { firstKeyAt = performance.now(); },
  "?": () => open(find("#atalhos"), find("#abrir-atalhos")),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const field = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && field && !field.closest("dialog")) { field.blur(); return; }
  if (field || find("dialog[open]") || !singleKeys() || !find(".side")) return;
  const led = performance.now() - firstKeyAt < SECOND_KEY_WITHIN;
  firstKeyAt = -Infinity;
  if (led && goTo[event.key]) { event.preventDefault(); location.href = ROOT + goTo[event.key]; return; }
  if (act[event.key]) { event.preventDefault(); act[event.key](); }
});

document.addEventListener("change", (event) => {
  if (event.target.id !== "uma-tecla") return;
  const year = 365 * 24 * 3600;
  document.cookie = `${KEYS_COOKIE}=${event.target.checked ? 1 : 0}; path=${ROOT}; max-age=${year}; samesite=strict`;
});

// --- rows: a double click opens, "back" lands where one left ------------------------------------------------------------

const here = () => `row ${location.pathname}${location.search}`;
const remember = (link) => {
  const place = JSON.stringify([link.id, links().indexOf(link)]);
  try { sessionStorage.setItem(here(), place); } catch { /* private window */ }
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("#linhas a[id]");
  if (link) remember(link);
});

document.addEventListener("mousedown", (event) => {
  // the second press of a double click would select a word
  if (event.detail > 1 && event.target.closest("#linhas tr")) event.preventDefault();
});

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest("#linhas tr");
  const link = row && find("a[id]", row);
  if (link && !event.target.closest("a, button, input")) link.click();
});

const land = () => {
  const [visit] = performance.getEntriesByType("navigation");
  let left = null;
  try { left = JSON.parse(sessionStorage.getItem(here())); } catch { /* private window */ }
  if (!left || !visit || visit.type !== "back_forward") return;
  // a row that is gone, closed for instance, has left its place to another
  const rows = links(), link = document.getElementById(left[0]) || rows[Math.min(left[1], rows.length - 1)];
  if (link) { link.focus(); link.scrollIntoView({ block: "center" }); }
};

// --- what refreshes itself ---------------------------------------------------------------------------------------------

let actedAt = -Infinity;
const asked = new WeakMap();

const refresh = () => {
  if (document.hidden) return;
  const now = performance.now();
  for (const part of document.querySelectorAll("[data-every]")) {
    const isQuick = part.hasAttribute("data-quick") && now - actedAt < QUICK.during * 1000;
    const every = (isQuick ? QUICK.every : Number(part.dataset.every)) * 1000;
    if (!asked.has(part)) asked.set(part, now);
    if (now - asked.get(part) < every) continue;
    asked.set(part, now);
    htmx.trigger(part, "vivo");
  }
};

const version = (address) => address.split("?")[1];

document.addEventListener("htmx:before:swap", (event) => {
  // asked before the page became what it is now: it would show that over again, or take it back
  const { ctx } = event.detail, part = find("#vivo");
  if (!part || !ctx || !ctx.sourceElement || ctx.sourceElement.id !== part.id) return;
  if (version(ctx.request.action) !== version(part.getAttribute("hx-get"))) event.preventDefault();
});

// --- after a form was sent by script -----------------------------------------------------------------------------------

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const form = ctx && ctx.sourceElement && ctx.sourceElement.closest("form[data-act]");
  if (!form || !ctx.response || ctx.response.raw.status >= 400) return;
  actedAt = performance.now();
  const dialog = form.closest("dialog[open]");
  if (dialog) dialog.close();
});

document.addEventListener("htmx:after:swap", () => {
  const errors = find("dialog[open] .errors") || find("main > .errors");
  if (errors) errors.focus();
});

document.addEventListener("htmx:error", (event) => {
  // what refreshes itself tries again by itself
  if (event.target.closest && event.target.closest("[data-every]")) return;
  announce("Não deu para falar com o MK. Tente de novo.");
});

// --- a session that ended under an open form: the login comes beside it, and nothing of it is lost -----------------------

const AGAIN = "Você entrou de novo. Envie outra vez.";
let interrupted = null;

const parsed = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

const askToEnter = () => {
  if (!find("#entrar-de-novo")) {
    document.body.append(find("#entrar-de-novo-modelo").content.cloneNode(true));
    find("#entrar-de-novo form").addEventListener("submit", enterAgain);
  }
  find("#entrar-de-novo").showModal();
  find("#de-novo-senha").focus();
};

const enterAgain = async (event) => {
  event.preventDefault();
  const form = event.target, wrong = find(".errors", form), secret = find("#de-novo-senha");
  const body = new URLSearchParams(new FormData(form));
  secret.value = "";
  wrong.hidden = true;
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  // whoever is let in is led on
  if (answer && answer.type === "opaqueredirect") return goOn(form.closest("dialog"));
  const why = answer && find("#erros", await parsed(answer));
  wrong.textContent = why ? why.textContent : "Não deu para falar com o MK. Tente de novo.";
  wrong.hidden = false;
  secret.focus();
};

const goOn = async (gate) => {
  // the forms of this page are of the session that ended
  const fresh = await fetch(`${ROOT}/entrar`).then(parsed).catch(() => null);
  const proof = fresh && find("[name=csrf]", fresh);
  if (proof) for (const field of document.querySelectorAll("[name=csrf]")) field.value = proof.value;
  gate.close();
  announce(AGAIN);
  if (!interrupted.isConnected) return;
  const note = find(".again", interrupted) || document.createElement("p");
  note.className = "note again";
  note.textContent = AGAIN;
  interrupted.prepend(note);
  find("[type=submit]", interrupted).focus();
};

document.addEventListener("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  if (ctx.response.status !== 401 || ctx.response.headers.has("HX-Redirect")) return;
  event.preventDefault();
  interrupted = ctx.sourceElement;
  askToEnter();
});

document.addEventListener("DOMContentLoaded", () => {
  land();
  if (find(".note.good")) actedAt = performance.now();
  const errors = find("main .errors[tabindex]");
  if (errors) errors.focus();
  setInterval(refresh, 1000);
});
