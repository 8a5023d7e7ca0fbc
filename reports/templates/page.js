(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  };
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();

  // a table's cells by row and column, whatever they span
  const grid = (rows) => {
    const lines = rows.map(() => []);
    rows.forEach((row, y) => all(":scope > th, :scope > td", row).forEach((cell) => {
      let x = 0;
      while (lines[y][x]) x += 1;
      for (let down = 0; down < cell.rowSpan; down += 1) {
        for (let right = 0; right < cell.colSpan; right += 1) (lines[y + down] ||= [])[x + right] = cell;
      }
    }));
    return lines;
  };
  const headings = (table) => {
    const lines = grid([...table.tHead.rows]);
    return lines[0].map((_, x) => [...new Set(lines.map((line) => line[x]))].map(words).filter(Boolean).join(" "));
  };
  const bodyRows = (table) => all("tbody > tr:not(.group)", table);
  const content = (table) => [headings(table), ...grid(bodyRows(table)).map((line) => line.map(words))];

  // as numbers where both are numbers, "< 0.001" and "+1.4 to +2.0" by their first one
  const value = (text) => parseFloat(text.replace(/−/g, "-").replace(/^[^\d+-]*/, ""));
  const compare = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b);
    return x - y;
  };
  const sort = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    [...table.tBodies].forEach((body) => {
      const rows = [...body.rows].filter((row) => !row.matches(".group"));
      const keys = new Map(grid(rows).map((line, y) => [rows[y], words(line[column])]));
      rows.sort((a, b) => compare(keys.get(a), keys.get(b)) * (down ? -1 : 1));
      body.append(...rows);
    });
  };
  const sortable = (table) => {
    const lines = grid([...table.tHead.rows]);
    const seen = new Set();
    lines[lines.length - 1].forEach((heading, column) => {
      if (seen.has(heading) || !words(heading) || heading.querySelector("svg")) return;
      seen.add(heading);
      const button = make("button", { type: "button", class: "sort" }, ...heading.childNodes);
      button.addEventListener("click", () => sort(table, column, heading));
      heading.append(button);
    });
  };

  const csv = (lines) => lines.map((line) => line.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell)).join(",")).join("\n");
  const json = ([names, ...lines]) => JSON.stringify(lines.map((line) => Object.fromEntries(names.map((name, x) => [name || `column ${x + 1}`, line[x]]))), null, 1);
  const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "✓": "$\\checkmark$", "–": "--", "−": "$-$", "±": "$\\pm$", "×": "$\\times$" };
  const tex = (text) => text.replace(/[\\~^✓–−±×]|[&%$#_{}]/g, (letter) => TEX[letter] || `\\${letter}`);
  const latex = ([names, ...lines]) => {
    const row = (line) => `${line.map(tex).join(" & ")} \\\\`;
    return [`\\begin{tabular}{${"l".repeat(names.length)}}`, "\\toprule", row(names), "\\midrule", ...lines.map(row), "\\bottomrule", "\\end{tabular}"].join("\n");
  };
  const bibtex = (_, name) => {
    const { cite, records } = document.body.dataset;
    const key = `${cite} ${name}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    return [`@misc{${key},`, `  title = {${tex(`${cite}: ${name}`)}},`, `  note = {${tex(`Records: ${records}`)}},`, "}"].join("\n");
  };
  const KINDS = { CSV: ["csv", csv], LaTeX: ["tex", latex], JSON: ["json", json], BibTeX: ["bib", bibtex] };
  const save = (name, text) => {
    const link = make("a", { download: name, href: URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  };

  const filtered = (table) => {
    const box = make("input", { type: "search", size: "16", placeholder: "part of a run's name" });
    box.addEventListener("input", () => bodyRows(table).forEach((row) => {
      row.hidden = !words(row).toLowerCase().includes(box.value.trim().toLowerCase());
    }));
    return make("label", {}, "Rows with ", box);
  };
  const tools = (table) => {
    const name = table.closest(".scroll").getAttribute("aria-label");
    const bar = make("div", { class: "tools", role: "group", "aria-label": `Tools for the table below` });
    if (table.querySelector("tbody code") && bodyRows(table).length > 4) bar.append(filtered(table));
    Object.entries(KINDS).forEach(([kind, [ending, write]]) => {
      const button = make("button", { type: "button" }, kind);
      const file = `${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/-$/, "")}.${ending}`;
      button.addEventListener("click", () => save(file, write(content(table), name)));
      bar.append(button);
    });
    table.closest(".scroll").before(bar);
  };
  all(".scroll > table").forEach((table) => {
    tools(table);
    sortable(table);
  });

  // figures in full size
  const dialog = document.getElementById("enlarged");
  all("figure img").forEach((image) => {
    const picture = image.closest("picture") || image;
    const button = make("button", { type: "button", class: "enlarge", title: "Enlarge" });
    picture.replaceWith(button);
    button.append(picture);
    button.addEventListener("click", () => {
      all("img", dialog).forEach((shown) => shown.remove());
      dialog.append(make("img", { src: image.currentSrc || image.src, alt: image.alt }));
      dialog.showModal();
    });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  // links: open what they lead into, and are copied by a click
  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = place && place.closest("details");
    if (!fold || fold.open) return;
    fold.open = true;
    place.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  all(".anchor").forEach((link) => link.addEventListener("click", () => navigator.clipboard?.writeText(link.href).catch(() => {})));

  // a printed page has no folds to open
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one) => { one.open = false; }));

  // the part of the page that is in view, in the contents
  const entries = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((seen) => seen.forEach(({ target, isIntersecting }) => {
    if (!isIntersecting) return;
    entries.forEach((link, id) => link.toggleAttribute("aria-current", id === target.id));
  }), { rootMargin: "0px 0px -85% 0px" });
  all("main > section[id]").forEach((section) => watch.observe(section));
})();
