"use strict";
/* Optional shortcuts. Every key has a visible link or button; letters typed in a field do nothing here; the switch in the key list turns all
   of it off (WCAG 2.1.4).
     data-go="i"   on a menu link: g then i
     data-key="a"  on a link, button or field of a page: pressing a uses it (a field takes the focus)
     data-item     on a list entry: j and k move through them, Enter opens (the entry's own link has the focus) */
{
  const STORE = "zarts.keys";
  const dialog = document.getElementById("keys");
  let armed = 0;

  const isOn = () => { try { return localStorage.getItem(STORE) !== "off"; } catch { return true; } };
  const shown = (el) => el.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const words = (el) => (el.getAttribute("aria-label") || el.dataset.keyWord || el.textContent || "").trim().replace(/\s+/g, " ");

  function move(step) {
    const items = all("[data-item], #result_list tbody tr");
    if (!items.length) return false;
    const at = items.findIndex((item) => item.contains(document.activeElement));
    const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : Math.min(items.length - 1, Math.max(0, at + step))];
    const link = next.matches("a, button") ? next : next.querySelector("a[href], button, summary, [tabindex]");
    if (!link) return false;
    link.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function use(el) {
    if (el.matches("input:not([type=submit], [type=button]), textarea, select")) el.focus(); else el.click();
  }

  function list() {
    const box = dialog.querySelector("[data-key-list]");
    const rows = all("[data-go]").map((el) => [["g", el.dataset.go], "Go to " + words(el)]);
    const seen = new Set();
    for (const el of all("[data-key]")) if (!seen.has(el.dataset.key)) { seen.add(el.dataset.key); rows.push([[el.dataset.key], words(el)]); }
    box.replaceChildren(...[...rows, [["j"], "Next in the list"], [["k"], "Previous in the list"], [["Enter"], "Open"], [["/"], "Search this page"], [["?"], "This list"], [["Esc"], "Close"]].flatMap(([keys, what]) => {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      keys.forEach((key, i) => { if (i) dt.append(" then "); const kbd = document.createElement("kbd"); kbd.textContent = key; dt.append(kbd); });
      dd.textContent = what;
      return [dt, dd];
    }));
  }

  function open() {
    if (!dialog || dialog.open) return;
    list();
    dialog.querySelector("[data-keys-switch]").checked = isOn();
    dialog.showModal();
  }

  if (dialog) {
    dialog.querySelector("[data-keys-switch]").addEventListener("change", (event) => {
      try { localStorage.setItem(STORE, event.target.checked ? "on" : "off"); } catch { /* private mode: for this page only */ }
    });
    document.querySelectorAll("[data-keys-open]").forEach((button) => button.addEventListener("click", open));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !isOn()) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const key = event.key;
    const wasArmed = Date.now() - armed < 1500;
    armed = 0;
    let done = true;
    if (wasArmed && key.length === 1) {
      const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      if (link) link.click(); else done = false;
    } else if (key === "g") armed = Date.now();
    else if (key === "?") open();
    else if (key === "/") { const field = all("[data-search], input[type=search], #searchbar")[0]; if (field) field.focus(); else done = false; }
    else if (key.length === 1 && all(`[data-key="${CSS.escape(key)}"]`)[0]) use(all(`[data-key="${CSS.escape(key)}"]`)[0]);
    else if (key === "j" || key === "k") done = move(key === "j" ? 1 : -1);
    else done = false;
    if (done) event.preventDefault();
  });
}
