/* The map of a day route: numbered stops per person, straight lines between them. */
const element = document.getElementById("route-map");
const { start, routes } = JSON.parse(element.dataset.route);
const COLOURS = ["#0b4f8a", "#b34a00", "#14795a", "#6a51a3", "#7d0f1d"];

const map = L.map(element, { attributionControl: false });
if (element.dataset.basemap) L.tileLayer(element.dataset.basemap, { maxZoom: 19 }).addTo(map);

function pin(text, kind) {
  const label = document.createElement("span");
  label.textContent = text;
  return L.divIcon({ className: `route-pin route-pin-${kind}`, iconSize: [28, 28], html: label });
}

const here = [start[1], start[0]], all = [here];
L.marker(here, { icon: pin("•", "start"), title: element.dataset.startLabel }).addTo(map);
routes.forEach(({ person, points }, index) => {
  const places = points.map(([lon, lat]) => [lat, lon]);
  all.push(...places);
  if (places.length) L.polyline([here, ...places, here], { color: COLOURS[index % COLOURS.length], weight: 3, dashArray: "6 6" }).addTo(map);
  places.forEach((place, number) => {
    L.marker(place, { icon: pin(String(number + 1), index % COLOURS.length), title: person }).addTo(map);
  });
});
map.fitBounds(L.latLngBounds(all).pad(0.15), { maxZoom: 15, animate: false });

document.getElementById("print")?.addEventListener("click", () => window.print());
