// Comboboxes that find customers, and focus that follows what moved.
"use strict";

for (const element of document.querySelectorAll("[data-without-script]")) element.hidden = true;
for (const combo of document.querySelectorAll("[data-combo]")) searching(combo);
document.addEventListener("htmx:after:swap", () => document.querySelector("#conteudo [autofocus]")?.focus());

function searching(combo) {
  const [text, id, list] = ["[role=combobox]", "input[type=hidden]", "[role=listbox]"].map((one) => combo.querySelector(one));
  const announcer = document.getElementById("avisador");
  let waiting, asked = 0, active = -1;
  const options = () => [...list.children].filter((one) => one.getAttribute("role") === "option");

  function show(found) {
    list.replaceChildren(...found.map(option));
    if (!found.length) list.append(nobody());
    open(true);
    announcer.textContent = found.length === 1 ? "1 cliente encontrado" : found.length ? `${found.length} clientes encontrados` : "Nenhum cliente encontrado";
  }
  function option(customer, number) {
    const item = document.createElement("li"), detail = document.createElement("small");
    item.id = `${list.id}-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.id = customer.id;
    item.dataset.name = customer.name;
    detail.textContent = customer.detail;
    item.append(customer.name, " ", detail);
    return item;
  }
  function nobody() {
    const item = document.createElement("li");
    item.setAttribute("role", "presentation");
    item.textContent = "Nenhum cliente encontrado";
    return item;
  }
  function open(is) {
    list.hidden = !is;
    text.setAttribute("aria-expanded", String(is));
    move(-1);
  }
  function move(to) {
    active = to;
    options().forEach((one, number) => one.setAttribute("aria-selected", String(number === active)));
    const chosen = options()[active];
    if (chosen) { text.setAttribute("aria-activedescendant", chosen.id); chosen.scrollIntoView({ block: "nearest" }); }
    else text.removeAttribute("aria-activedescendant");
  }
  function choose(item) {
    text.value = item.dataset.name;
    id.value = item.dataset.id;
    open(false);
    id.dispatchEvent(new Event("change", { bubbles: true }));
  }
  async function ask() {
    const mine = ++asked;
    const answer = await fetch(`${combo.dataset.combo}?q=${encodeURIComponent(text.value)}`).catch(() => null);
    if (mine !== asked || document.activeElement !== text || !answer?.ok || answer.redirected) return;
    show(await answer.json());
  }
  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  }

  text.addEventListener("input", () => {
    id.value = "";
    asked++;
    if (text.value.trim()) later(); else { clearTimeout(waiting); open(false); }
  });
  text.addEventListener("keydown", (event) => {
    const count = options().length, isOpen = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) return void ask();
      if (count) move(event.key === "ArrowDown" ? (active + 1) % count : (active <= 0 ? count : active) - 1);
    } else if (event.key === "Enter" && isOpen && active >= 0) {
      event.preventDefault();
      choose(options()[active]);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      open(false);
    }
  });
  text.addEventListener("blur", () => open(false));
  // a press on the list must not take the focus, which would close it first
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) choose(item);
  });
}
