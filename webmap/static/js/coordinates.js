/* Coordinates of the pointer in WGS 84 and in the province's VN-2000 zone.
   VN-2000: WGS 84 ellipsoid moved by seven parameters, transverse Mercator, scale 0.9999, E0 500 km. */
import { language } from "./texts.js";

const A = 6378137, F = 1 / 298.257223563, E2 = F * (2 - F), SCALE = 0.9999, EAST0 = 500000;
const RAD = Math.PI / 180;

function toGeocentric(lat, lon) {
  const s = Math.sin(lat), n = A / Math.sqrt(1 - E2 * s * s);
  return [n * Math.cos(lat) * Math.cos(lon), n * Math.cos(lat) * Math.sin(lon), n * (1 - E2) * s];
}

function fromGeocentric([x, y, z]) {
  const p = Math.hypot(x, y);
  let lat = Math.atan2(z, p * (1 - E2));
  for (let i = 0; i < 5; i++) {
    const s = Math.sin(lat), n = A / Math.sqrt(1 - E2 * s * s);
    lat = Math.atan2(z + E2 * n * s, p);
  }
  return [lat, Math.atan2(y, x)];
}

/* WGS 84 to VN-2000: the parameters (position vector, VN-2000 to WGS 84) backwards. */
function shiftDatum([x, y, z], [dx, dy, dz, rx, ry, rz, ppm]) {
  const arc = RAD / 3600, m = 1 + ppm * 1e-6, a = rx * arc, b = ry * arc, c = rz * arc;
  const u = (x - dx) / m, v = (y - dy) / m, w = (z - dz) / m;
  return [u + c * v - b * w, -c * u + v + a * w, b * u - a * v + w];
}

/* Kruger's series to the third order: better than a millimetre within a zone. */
export function toVn2000(latDeg, lonDeg, { meridian, towgs84 }) {
  const [lat, lon] = fromGeocentric(shiftDatum(toGeocentric(latDeg * RAD, lonDeg * RAD), towgs84));
  const n = F / (2 - F), e = Math.sqrt(E2), dlon = lon - meridian * RAD;
  const mean = (A / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
  const series = [n / 2 - (2 / 3) * n ** 2 + (5 / 16) * n ** 3, (13 / 48) * n ** 2 - (3 / 5) * n ** 3, (61 / 240) * n ** 3];
  const t = Math.sinh(Math.atanh(Math.sin(lat)) - e * Math.atanh(e * Math.sin(lat)));
  const xi = Math.atan2(t, Math.cos(dlon)), eta = Math.atanh(Math.sin(dlon) / Math.sqrt(1 + t * t));
  let north = xi, east = eta;
  series.forEach((a, i) => {
    const k = 2 * (i + 1);
    north += a * Math.sin(k * xi) * Math.cosh(k * eta);
    east += a * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { x: SCALE * mean * north, y: EAST0 + SCALE * mean * east };
}

const five = new Intl.NumberFormat(language, { minimumFractionDigits: 5, maximumFractionDigits: 5 });
const degrees = (value) => five.format(Math.abs(value));
const metres = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

export function startReadout(map, projection) {
  const wgs84 = document.getElementById("wgs84"), vn2000 = document.getElementById("vn2000");
  let waiting = null;
  const write = ({ lat, lng }) => {
    const { x, y } = toVn2000(lat, lng, projection);
    wgs84.textContent = `${degrees(lat)}\u202f${lat < 0 ? "S" : "N"}  ${degrees(lng)}\u202f${lng < 0 ? "W" : "E"}`;
    vn2000.textContent = `VN-2000  X ${metres(x)}  Y ${metres(y)}`; // papers call the northing X
  };
  const soon = (latlng) => {
    if (!waiting) requestAnimationFrame(() => { write(waiting); waiting = null; });
    waiting = latlng;
  };
  map.on("mousemove", (event) => soon(event.latlng));
  map.on("moveend", () => soon(map.getCenter()));
  write(map.getCenter());
  const scale = L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  document.getElementById("scale-bar").append(scale.getContainer());
}
