// What the page is for, by the models that it has.

const count = (page) => page.blocks.flatMap(({ lines }) => lines).reduce(
  (sum, { words }) => sum + words.length, 0);
const plural = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
const percent = (part) => `${Math.round(part * 100)} %`;

/** A direction in words: docTR counts degrees counterclockwise. */
function directionOf(page) {
  const { value, confidence } = page.blocks[0].lines[0].words[0].crop_orientation;
  const turned = {
    0: 'upright', 90: 'turned a quarter to the left', '-90': 'turned a quarter to the right',
    180: 'upside down',
  }[value] ?? `turned by ${value} degrees`;
  return `${turned} (${percent(confidence)} sure)`;
}

/** How a page was turned before it was read, where it was. */
function turnOf({ orientation: { value } }) {
  if (!value) return '';
  const side = value === 180 ? '' : ` to the ${value > 0 ? 'left' : 'right'}`;
  return ` It was turned by ${Math.abs(value)}°${side}, so that its lines are level.`;
}

const nothing = 'No words were found in this picture.';

/**
 * `title`, `hint`, and what is said of a page that was read; `hasText` where there is something to
 * copy. `line` is a line of a page in words where it has no text of its own.
 */
const KINDS = {
  page: {
    title: 'Read the text of a picture',
    hint: 'Drop a picture or a PDF here, paste one, or',
    sample: 'Sample page',
    result: 'Text',
    hasText: true,
    said: (page) => (count(page) ? `${plural(count(page), 'word')} read.${turnOf(page)}` : nothing),
  },
  recognition: {
    title: 'Read a word',
    hint: 'Drop a picture of a single word here, paste one, or',
    sample: 'Sample word',
    result: 'Text',
    hasText: true,
    said: (page) => `${plural(count(page), 'word')} read.`,
  },
  detection: {
    title: 'Find the words of a picture',
    hint: 'Drop a picture or a PDF here, paste one, or',
    sample: 'Sample page',
    result: 'Words, line by line',
    hasText: false,
    said: (page) => (count(page) ? `${plural(count(page), 'word')} found.` : nothing),
    line: (line) => plural(line.words.length, 'word'),
  },
  orientation: {
    title: 'See how a picture is turned',
    hint: 'Drop a picture here, paste one, or',
    sample: 'Sample picture',
    result: 'Direction',
    hasText: false,
    said: (page) => `This picture is ${directionOf(page)}.`,
    line: (line) => directionOf({ blocks: [{ lines: [line] }] }),
  },
};

/** The kind of page that a bundle makes. */
export function kindOf({ models }) {
  if (models.detection && models.recognition) return KINDS.page;
  return KINDS[Object.keys(models).find((task) => KINDS[task])];
}
