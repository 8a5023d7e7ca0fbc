(() => {
  const find = (id) => document.getElementById(id);
  const clips = JSON.parse(find("clips").textContent);
  const [menu, slider, picture, svg] = ["clip", "slider", "frame", "outlines"].map(find);
  const shown = new Set([...Object.keys(clips[0].tracks).slice(-1), "gates"]);
  let clip = clips[0];

  const make = (name, attributes, text) => {
    const element = document.createElementNS(svg.namespaceURI, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    if (text) element.textContent = text;
    return element;
  };

  const outline = (track, dash) => {
    const group = make("g", { stroke: track.colour, fill: track.colour });
    group.append(make("path", { d: track.path, "fill-opacity": 0.3, "fill-rule": "evenodd", "stroke-dasharray": dash }));
    group.append(make("title", {}, track.label));
    return group;
  };

  const drawTracks = (t) => {
    svg.replaceChildren();
    Object.entries(clip.tracks).forEach(([name, frames], place) => {
      if (!shown.has(name)) return;
      frames[t].forEach((track) => svg.append(outline(track, ["none", "1 2", "4 2"][place] || "none")));
    });
  };

  const drawGates = (t) => {
    const maps = shown.has("gates") ? Object.entries(clip.gates[t]) : [];
    find("gates").replaceChildren(...maps.map(([name, source]) => {
      const figure = document.createElement("figure");
      const image = new Image();
      image.src = source;
      image.alt = `${name} gate of frame ${t + 1}`;
      const caption = document.createElement("figcaption");
      caption.textContent = name;
      figure.append(image, caption);
      return figure;
    }));
    if (shown.has("gates") && !maps.length) find("gates").textContent = "No gates in this frame: it has no frame before it.";
  };

  const draw = () => {
    const t = Number(slider.value);
    picture.src = clip.frames[t];
    picture.alt = `Frame ${t + 1} of ${clip.title}`;
    find("frame-number").textContent = `${t + 1} of ${clip.frames.length}`;
    drawTracks(t);
    drawGates(t);
  };

  const choose = () => {
    clip = clips[menu.value];
    slider.max = clip.frames.length - 1;
    slider.value = Math.max(0, clip.gates.findIndex((maps) => Object.keys(maps).length));
    svg.setAttribute("viewBox", `0 0 ${clip.width} ${clip.height}`);
    draw();
  };

  let playing = 0;
  const play = () => {
    playing = playing ? clearInterval(playing) : setInterval(() => show((Number(slider.value) + 1) % clip.frames.length), 250);
  };
  const show = (t) => { slider.value = t; draw(); };

  const step = (event) => {
    const t = Number(slider.value);
    const to = { ArrowLeft: t - 1, ArrowRight: t + 1, Home: 0, End: clip.frames.length - 1, " ": t }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (event.key === " ") play();
    else show(to);
  };

  [...Object.keys(clip.tracks), "gates"].forEach((name) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = name;
    box.checked = shown.has(name);
    box.addEventListener("change", () => { shown[box.checked ? "add" : "delete"](name); draw(); });
    label.append(box, ` ${name}`);
    find("layers").append(label);
  });
  clips.forEach((one, place) => menu.append(new Option(one.title, place)));
  menu.addEventListener("change", choose);
  slider.addEventListener("input", draw);
  document.querySelector(".stage").addEventListener("keydown", step);
  find("player").hidden = false;
  choose();
})();
