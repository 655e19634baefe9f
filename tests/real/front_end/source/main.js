import "./style.css";

const api = import.meta.env.VITE_API_URL;
const key = import.meta.env.VITE_KEY;

async function show() {
  const answer = await fetch(`${api}/v1/products`, { headers: { "x-api-key": key } });
  document.querySelector("#shop").textContent = `${(await answer.json()).length} products`;
  const { about } = await import("./about.js");
  about(document.querySelector("#shop"));
}

show();
