// SPDX-License-Identifier: Apache-2.0

// Figures as text. Units are 1,024 of the one before, as in what `sizer summary` prints.

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const grouping = new Intl.NumberFormat('en-US');

function formatCount(number) {
  return grouping.format(number).replace('-', '−');
}

function threeDigits(value) {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0).replace('-', '−');
}

function formatBytes(number) {
  let value = number;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? formatCount(Math.round(number)) : threeDigits(value)} ${units[unit]}`;
}

function exactBytes(number) {
  return `${formatCount(number)} ${Math.abs(number) === 1 ? 'byte' : 'bytes'}`;
}

function signed(number, format) {
  return number > 0 ? `+${format(number)}` : format(number);
}

// Microseconds.
function formatTime(time) {
  const seconds = time / 1e6;
  if (time === 0) return '0 s';
  if (Math.abs(seconds) < 0.001) return `${threeDigits(time)} µs`;
  if (Math.abs(seconds) < 1) return `${threeDigits(time / 1e3)} ms`;
  if (Math.abs(seconds) < 60) return `${threeDigits(seconds)} s`;
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function formatPercent(part, whole) {
  if (!(whole > 0)) return '–';
  const share = (part / whole) * 100;
  return `${share >= 9.95 ? Math.round(share) : share.toFixed(1).replace('-', '−')} %`;
}

function counted(number, one, many) {
  return `${formatCount(number)} ${number === 1 ? one : many}`;
}

// What stands after the last slash.
function fileName(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}
