import "./about.css";

export function about(place) {
  if (import.meta.env.VITE_DEBUG) console.log("about", place);
  place.append(" from a small shop");
}
