"use strict";
// Everything works without this file. It copies lines, helps with typing, and shows a version at once.

for (const button of document.querySelectorAll("button.copy")) {
  if (!navigator.clipboard) break; // Browsers have it on safe origins alone.
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.firstChild;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      label.data = "Copied";
    } catch {
      label.data = "Press Ctrl+C";
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    }
    setTimeout(() => { label.data = "Copy"; }, 2000);
  });
}

const find = document.getElementById("find");
if (find) {
  const list = document.getElementById("find-names");
  let asked = 0;
  let timer = 0;
  find.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const text = find.value.trim();
      if (!text) { list.replaceChildren(); return; }
      const answer = await fetch(`${find.dataset.names}?q=${encodeURIComponent(text)}`).catch(() => null);
      if (!answer || !answer.ok || mine !== asked) return;
      const { names } = await answer.json();
      list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    }, 120);
  });
}

for (const form of document.querySelectorAll("form[data-picker]")) {
  const select = form.querySelector("select");
  form.querySelector("button").hidden = true;
  select.addEventListener("change", () => {
    location.assign(`${form.dataset.picker}${encodeURIComponent(select.value)}/`);
  });
}

// Files that are dropped anywhere on the form are those that it sends.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  const over = (event) => { event.preventDefault(); form.classList.add("over"); };
  form.addEventListener("dragenter", over);
  form.addEventListener("dragover", over);
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
}
