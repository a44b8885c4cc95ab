// Pan and zoom of a stage by wheel, drag, pinch and keys; what is a click and what is a drag.

const CLOSEST = 12;

export class Camera {
  constructor() {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
  }

  reset() {
    this.zoom = 1;
    this.x = 0;
    this.y = 0;
  }

  /** Zoom by a factor about a point of the stage. */
  about(x, y, factor) {
    const zoom = Math.max(1, Math.min(CLOSEST, this.zoom * factor));
    this.x = x - ((x - this.x) * zoom) / this.zoom;
    this.y = y - ((y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
  }

  /** Keep the picture on the stage. */
  hold(width, height) {
    this.x = Math.min(0, Math.max(width * (1 - this.zoom), this.x));
    this.y = Math.min(0, Math.max(height * (1 - this.zoom), this.y));
  }
}

/**
 * Wire a stage to a camera. The wheel scrolls the page until the stage has been clicked, so that nobody is caught.
 * `heard`: moved() after a change of view, hover(x, y) or hover(null), click(x, y).
 */
export function steer(stage, camera, heard, signal) {
  const fingers = new Map();
  let travelled = 0;
  let spread = 0;
  const at = (event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const moved = () => {
    camera.hold(stage.clientWidth, stage.clientHeight);
    stage.style.touchAction = camera.zoom > 1 ? "none" : "pan-y";
    heard.moved();
  };
  const options = { signal };
  stage.style.touchAction = "pan-y";
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && !stage.contains(document.activeElement)) return;
      event.preventDefault();
      const { x, y } = at(event);
      camera.about(x, y, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)));
      moved();
    },
    { signal, passive: false },
  );
  stage.addEventListener(
    "pointerdown",
    (event) => {
      if (event.target.closest("button")) return;
      fingers.set(event.pointerId, at(event));
      travelled = fingers.size > 1 ? Infinity : 0;
      spread = distance(fingers);
    },
    options,
  );
  stage.addEventListener(
    "pointermove",
    (event) => {
      const now = at(event);
      const before = fingers.get(event.pointerId);
      if (!before) {
        if (event.pointerType === "mouse") heard.hover(now.x, now.y);
        return;
      }
      fingers.set(event.pointerId, now);
      travelled += Math.hypot(now.x - before.x, now.y - before.y);
      if (travelled > 5 && !stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
      if (fingers.size === 2) {
        const wide = distance(fingers);
        const [a, b] = [...fingers.values()];
        if (spread > 0) camera.about((a.x + b.x) / 2, (a.y + b.y) / 2, wide / spread);
        spread = wide;
      }
      camera.x += (now.x - before.x) / fingers.size;
      camera.y += (now.y - before.y) / fingers.size;
      moved();
    },
    options,
  );
  const lifted = (event) => {
    const held = fingers.delete(event.pointerId);
    spread = distance(fingers);
    if (held && event.type === "pointerup" && travelled <= 5) {
      const { x, y } = at(event);
      heard.click(x, y);
    }
  };
  stage.addEventListener("pointerup", lifted, options);
  stage.addEventListener("pointercancel", lifted, options);
  stage.addEventListener(
    "pointerleave",
    (event) => {
      if (!fingers.has(event.pointerId)) heard.hover(null);
    },
    options,
  );
}

function distance(fingers) {
  if (fingers.size !== 2) return 0;
  const [a, b] = [...fingers.values()];
  return Math.hypot(a.x - b.x, a.y - b.y);
}
