/* Draws one symbol of geodata.layer.Symbol on a canvas: the same code for map and legend.
   Knows no layer and no state. */
(function (webmap) {
  "use strict";

  const ALERT = "#c8102e", TICK = "#1b7f4d", INK = "#1d2733";
  const OUTLINES = {
    circle: (c, r) => c.arc(0, 0, r, 0, 2 * Math.PI),
    square: (c, r) => c.rect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r),
    diamond: (c, r) => polygon(c, 1.15 * r, 4, 0),
    triangle: (c, r) => polygon(c, 1.15 * r, 3, 0),
    drop(c, r) {
      c.moveTo(0, -1.35 * r);
      c.bezierCurveTo(0.3 * r, -0.75 * r, 0.95 * r, -0.35 * r, 0.95 * r, 0.3 * r);
      c.arc(0, 0.3 * r, 0.95 * r, 0, Math.PI);
      c.bezierCurveTo(-0.95 * r, -0.35 * r, -0.3 * r, -0.75 * r, 0, -1.35 * r);
    },
  };
  const GLYPHS = { // in a box from -8 to 8
    bolt: "M1.5-7L-5 1.2H-.6L-2 7 5-1.6H.4z",
    market: "M-5.6-5.4H5.6L7-1.6A2.1 2.1 0 0 1 2.6-1.2 2.6 2.6 0 0 1-2.6-1.2 2.1 2.1 0 0 1-7-1.6zM-5.4 1.2H5.4V6H1.8V2.8H-1.4V6H-5.4z",
  };

  function polygon(c, r, corners, turn) {
    for (let i = 0; i < corners; i++) {
      const angle = turn + (2 * Math.PI * i) / corners - Math.PI / 2;
      c.lineTo(r * Math.cos(angle), r * Math.sin(angle));
    }
    c.closePath();
  }

  function isDark(colour) {
    const n = parseInt(colour.slice(1), 16);
    return 0.3 * (n >> 16) + 0.59 * ((n >> 8) & 255) + 0.11 * (n & 255) < 165;
  }

  /* Half the width of a point symbol, badge left out. */
  const radius = (symbol, scale) => ((symbol.size_px || 12) * scale) / 2;

  function drawPoint(c, symbol, scale, halo) {
    const r = radius(symbol, scale), level = symbol.level ?? 1, fill = symbol.fill || "#ffffff";
    const outline = newPath(c);
    (OUTLINES[symbol.shape] || OUTLINES.circle)(outline, r);
    outline.closePath();
    if (halo) {
      c.lineWidth = 3; c.strokeStyle = "rgba(255,255,255,.85)"; c.lineJoin = "round";
      c.stroke(outline);
    }
    c.fillStyle = level < 1 ? "#ffffff" : fill;
    c.fill(outline);
    if (level > 0 && level < 1) {
      c.save(); c.clip(outline);
      c.fillStyle = fill; c.fillRect(-2 * r, r * (1 - 2 * level), 4 * r, 4 * r);
      c.restore();
    }
    if (symbol.stroke) {
      c.lineWidth = Math.max(0.8, symbol.stroke_px * Math.min(scale, 1.2));
      c.strokeStyle = symbol.stroke;
      c.setLineDash(scale < 0.7 ? [] : symbol.dash || []);
      c.stroke(outline);
      c.setLineDash([]);
    }
    if (symbol.glyph && r >= 5.5) {
      const solid = level === 1 && isDark(fill);
      c.save(); c.scale(r / 12.5, r / 12.5);
      c.fillStyle = solid ? "#ffffff" : level > 0 && level < 1 ? INK : isDark(symbol.stroke || fill) ? symbol.stroke || INK : INK;
      c.fill(newPath(c, GLYPHS[symbol.glyph]));
      c.restore();
    }
    if (symbol.badge) drawBadge(c, symbol.badge, r);
  }

  function drawBadge(c, badge, r) {
    const b = Math.max(3, 0.55 * r), x = 0.85 * r, y = -0.85 * r;
    c.lineCap = "round";
    if (badge === "cross") {
      c.strokeStyle = INK; c.lineWidth = Math.max(1.4, 0.24 * r);
      line(c, -r, -r, r, r); line(c, -r, r, r, -r);
      return;
    }
    c.beginPath(); c.arc(x, y, b + 1, 0, 2 * Math.PI); c.fillStyle = "#ffffff"; c.fill();
    c.beginPath(); c.arc(x, y, b, 0, 2 * Math.PI); c.fillStyle = badge === "alert" ? ALERT : TICK; c.fill();
    if (b < 3) return;
    c.strokeStyle = "#ffffff"; c.lineWidth = 0.34 * b;
    if (badge === "alert") {
      line(c, x, y - 0.55 * b, x, y + 0.1 * b); line(c, x, y + 0.55 * b, x, y + 0.56 * b);
    } else {
      line(c, x - 0.45 * b, y, x - 0.1 * b, y + 0.38 * b); line(c, x - 0.1 * b, y + 0.38 * b, x + 0.5 * b, y - 0.38 * b);
    }
  }

  function line(c, x1, y1, x2, y2) {
    c.beginPath(); c.moveTo(x1, y1); c.lineTo(x2, y2); c.stroke();
  }

  function canvasOf(size, ratio) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.max(1, Math.round(size * ratio));
    return canvas;
  }

  /* A point symbol drawn once: {canvas, half} where half is the offset in CSS px; pixels on demand. */
  const sprites = new Map();
  function sprite(symbol, scale, ratio, halo) {
    const key = JSON.stringify([symbol, scale, ratio, halo]);
    let found = sprites.get(key);
    if (!found) {
      const half = Math.ceil(radius(symbol, scale) * (symbol.badge ? 1.6 : 1.4) + 3), canvas = canvasOf(2 * half, ratio);
      const c = canvas.getContext("2d", { willReadFrequently: true });
      c.scale(ratio, ratio); c.translate(half, half);
      drawPoint(c, symbol, scale, halo);
      sprites.set(key, found = { canvas, half, pixels: null });
    }
    return found;
  }

  /* 8 px hatching: 8 divides the tile, so neighbouring tiles meet. */
  const patterns = new Map();
  function hatch(c, symbol, ratio) {
    const key = symbol.hatch + symbol.fill + ratio;
    let canvas = patterns.get(key);
    if (!canvas) {
      canvas = canvasOf(8, ratio);
      const h = canvas.getContext("2d"), s = canvas.width / 8;
      h.scale(s, s); h.strokeStyle = symbol.fill; h.lineWidth = 1.6;
      if (symbol.hatch === 90) line(h, 4, -1, 4, 9);
      else if (symbol.hatch === 180) line(h, -1, 4, 9, 4);
      else for (const d of [-8, 0, 8]) symbol.hatch === 45 ? line(h, d - 1, 9, d + 9, -1) : line(h, d - 1, -1, d + 9, 9);
      patterns.set(key, canvas);
    }
    const pattern = c.createPattern(canvas, "repeat");
    pattern.setTransform(new DOMMatrix().scale(8 / canvas.width));
    return pattern;
  }

  /* A path for this canvas; the one that writes SVG has its own. */
  const newPath = (c, d) => (c.newPath ? c.newPath(d) : new Path2D(d));

  function fillArea(c, path, symbol, ratio) {
    if (symbol.fill && symbol.fill_opacity > 0) {
      c.globalAlpha = symbol.hatch ? symbol.fill_opacity * 0.22 : symbol.fill_opacity;
      c.fillStyle = symbol.fill; c.fill(path, "nonzero");
      if (symbol.hatch) {
        c.globalAlpha = Math.min(1, symbol.fill_opacity * 1.4);
        c.fillStyle = c.hatch ? c.hatch(symbol) : hatch(c, symbol, ratio); c.fill(path, "nonzero");
      }
      c.globalAlpha = 1;
    }
  }

  function strokePath(c, path, symbol, scale) {
    if (!symbol.stroke) return;
    c.strokeStyle = symbol.stroke; c.lineWidth = Math.max(0.7, (symbol.stroke_px || 1) * scale);
    c.lineJoin = "round"; c.lineCap = symbol.dash && symbol.dash[0] <= 2 ? "round" : "butt";
    c.setLineDash(scale < 0.7 && symbol.fill ? [] : symbol.dash || []); // small areas would fall into crumbs
    c.stroke(path);
    c.setLineDash([]);
  }

  /* The legend's picture of a symbol. */
  function legend(symbol, geometry, width, height) {
    const ratio = Math.max(2, window.devicePixelRatio || 1), canvas = document.createElement("canvas");
    canvas.width = width * ratio; canvas.height = height * ratio; canvas.className = "legend-symbol";
    canvas.setAttribute("aria-hidden", "true");
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    drawLegend(c, symbol, geometry, width, height, ratio);
    return canvas;
  }

  function drawLegend(c, symbol, geometry, width, height, ratio) {
    const path = newPath(c);
    if (geometry === "point") {
      c.translate(width / 2 - (symbol.badge ? 1 : 0), height / 2 + (symbol.badge || symbol.shape === "drop" ? 1.5 : 0));
      drawPoint(c, symbol, Math.min(1, (height - 4) / (symbol.size_px || 12)), false);
    } else if (geometry === "multilinestring") {
      path.moveTo(1, height / 2); path.lineTo(width - 1, height / 2);
      strokePath(c, path, symbol, 1);
    } else {
      path.rect(1.5, 3.5, width - 3, height - 7);
      fillArea(c, path, symbol, ratio); strokePath(c, path, symbol, 1);
    }
  }

  Object.assign(webmap, { symbols: { sprite, radius, fillArea, strokePath, legend, drawLegend, drawPoint, newPath } });
})((window.webmap = window.webmap || {}));
