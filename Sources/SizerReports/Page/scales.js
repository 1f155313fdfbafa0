// SPDX-License-Identifier: Apache-2.0

// From numbers to pixels, and where axes have marks.

const paletteSize = 6;

function linear([from, to], [start, end]) {
  const span = to - from || 1;
  return (value) => start + ((value - from) / span) * (end - start);
}

// The marks of an axis from 0 to `largest`: at most `count` steps of 1, 2 or 5 (bytes: 1, 2, 4, … 512) times a unit.
function marks(largest, count, isBytes) {
  const unit = isBytes ? 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(largest, 1)) / 10)) : 1;
  const step = (isBytes ? binaryStep : decimalStep)(largest / unit / count) * unit;
  const result = [];
  for (let at = 0; at <= largest + step * 0.001; at += step) result.push(at);
  return result;
}

function decimalStep(least) {
  if (least <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].find((factor) => factor * power >= least) * power;
}

function binaryStep(least) {
  if (least < 1) return least <= 0.25 ? 0.25 : least <= 0.5 ? 0.5 : 1;
  const step = decimalStep(least);
  return step > 512 ? 512 * Math.ceil(least / 512) : step;
}

const timeSteps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 15e6, 3e7, 6e7, 12e7, 3e8,
  6e8, 9e8, 18e8, 36e8, 72e8, 144e8, 216e8, 432e8, 864e8,
];

function timeMarks([from, to], count) {
  const least = (to - from) / count;
  const step = timeSteps.find((candidate) => candidate >= least) ?? 864e8 * Math.ceil(least / 864e8);
  const result = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) result.push(at);
  return result;
}

// A path through points; null in place of a point leaves a gap.
function linePath(points) {
  let path = '';
  let isDown = false;
  for (const point of points) {
    path += point ? `${isDown ? 'L' : 'M'}${point[0].toFixed(1)},${point[1].toFixed(1)}` : '';
    isDown = point !== null;
  }
  return path;
}

// Between an upper and a lower border.
function areaPath(upper, lower) {
  return `${linePath(upper)}L${linePath([...lower].reverse()).slice(1)}Z`;
}
