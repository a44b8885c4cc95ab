// The picture as a file of its own: a still with caption and source line, and a video recorded in the browser.

import { element, hand } from "./common.js";

const STRIP = 46; // px below the picture, for what it shows and where it comes from
const RATE = 25; // pictures a second of a video, at most
const FORMATS = ["video/webm;codecs=vp9", "video/webm", "video/mp4"];
const LAST = 1500; // ms that the last month of a video stays

/** A canvas for a picture of `width` x `height` px and its strip; the ratio is that of the screen. */
export function sheetFor({ width, height }, ratio) {
  // Coders of video want even numbers.
  const even = (length) => 2 * Math.ceil((length * ratio) / 2);
  return element("canvas", { width: even(width), height: even(height + STRIP) });
}

/**
 * Draw the picture's layers, its captions and the strip on a sheet.
 * `told`: {month, news, lines: [{name, colour, dash}], title, source}.
 */
export function paintSheet(sheet, layers, told, { room, ratio, ink, family }) {
  const pen = sheet.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.globalAlpha = 1;
  pen.fillStyle = ink.paper;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  for (const layer of layers) pen.drawImage(layer, 0, 0);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const write = (text, style, colour, x, y) => {
    pen.font = `${style} ${family}`;
    pen.fillStyle = colour;
    pen.fillText(text, x, y, room.width - x - 12);
  };
  pen.textAlign = "left";
  pen.textBaseline = "top";
  write(told.month, "600 20px", ink.ink, 12, 8);
  write(told.news, "600 13px", ink.loss, 12, 34);
  pen.textBaseline = "middle";
  pen.lineWidth = 3;
  let x = 12;
  const y = room.height - 14;
  for (const { name, colour, dash } of told.lines) {
    pen.beginPath();
    pen.strokeStyle = ink[colour];
    pen.setLineDash(dash);
    pen.moveTo(x, y);
    pen.lineTo(x + 28, y);
    pen.stroke();
    write(name, "12px", ink.ink, x + 33, y);
    x += 48 + pen.measureText(name).width;
  }
  pen.setLineDash([]);
  pen.fillStyle = ink.panel;
  pen.fillRect(0, room.height, room.width + 2, STRIP + 2);
  write(told.title, "600 13px", ink.ink, 12, room.height + 15);
  write(told.source, "11.5px", ink.soft, 12, room.height + 33);
}

/** Whether this browser can record a canvas. */
export function records() {
  return typeof MediaRecorder !== "undefined" && FORMATS.some((format) => MediaRecorder.isTypeSupported(format));
}

/** A video of a sheet that `paint` draws anew up to 25 times a second, from `start` to `stop`. */
export class Film {
  constructor(paint, signal) {
    this.paint = paint;
    this.signal = signal;
    this.ends = 0;
    signal.addEventListener("abort", () => this.drop());
  }

  get running() {
    return Boolean(this.recorder);
  }

  start(sheet) {
    this.drop();
    const type = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
    const parts = [];
    this.sheet = sheet;
    this.paint(sheet);
    this.recorder = new MediaRecorder(sheet.captureStream(RATE), { mimeType: type, videoBitsPerSecond: 6e6 });
    this.recorder.ondataavailable = ({ data }) => parts.push(data);
    this.finished = () => new Blob(parts, { type: type.split(";")[0] });
    this.recorder.start(1000);
    this.timer = setInterval(() => this.paint(sheet), 1000 / RATE);
  }

  /** Give the video to the visitor as a file of this name, less its ending. */
  stop(name, done = () => {}) {
    const { recorder, finished, signal } = this;
    if (!recorder) return;
    this.paint(this.sheet);
    clearInterval(this.timer);
    clearTimeout(this.ends);
    this.recorder = null;
    this.ends = 0;
    recorder.onstop = () => {
      const video = finished();
      hand(video, `${name}.${video.type.endsWith("mp4") ? "mp4" : "webm"}`, signal);
      done(video.size);
    };
    recorder.stop();
  }

  /** Call `cut` once the last month has been seen and nothing moves any more. */
  wait(moving, cut) {
    const look = () => (moving() ? this.wait(moving, cut) : cut());
    this.ends = setTimeout(look, LAST);
  }

  /** Stop and keep nothing. */
  drop() {
    clearInterval(this.timer);
    clearTimeout(this.ends);
    this.ends = 0;
    if (this.recorder) {
      this.recorder.onstop = null;
      this.recorder.stop();
      this.recorder = null;
    }
  }
}
