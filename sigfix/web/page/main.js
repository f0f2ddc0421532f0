// Starts the page, and says which of its files is wrong where it does not start.

const base = new URL('../', import.meta.url);
const SCRIPT = /\.m?js$/;

/** What is wrong with a file that the page needs, as a clause; '' where nothing is. */
async function faultOf(name, size) {
  try {
    const answer = await fetch(new URL(name, base));
    if (!answer.ok) return `${name} is missing (the server answers ${answer.status})`;
    const type = answer.headers.get('Content-Type') ?? '';
    if (!/javascript/.test(type)) return `${name} comes as "${type}", not text/javascript`;
    const { byteLength } = await answer.arrayBuffer();
    return byteLength === size ? '' : `${name} has ${byteLength} bytes, not ${size}`;
  } catch (error) {
    return `${name} cannot be fetched (${error.message})`;
  }
}

/** What is wrong with the scripts of the bundle; [] where that cannot be told. */
async function faults() {
  try {
    const { files } = await (await fetch(new URL('bundle.json', base))).json();
    const own = Object.entries(files).filter(([name]) => SCRIPT.test(name) && !/^(tfjs|pdf)\//.test(name));
    return (await Promise.all(own.map((file) => faultOf(...file)))).filter(Boolean);
  } catch {
    return [];
  }
}

try {
  await import('./app.js');
} catch (error) {
  const found = await faults();
  const more = found.length > 3 ? `, and ${found.length - 3} more` : '';
  document.getElementById('status').textContent = 'The page cannot start.';
  const place = document.getElementById('error');
  place.textContent = `A file of this page cannot be used: ${found.slice(0, 3).join('; ') || error.message}`
    + `${more}. ${found.some((each) => /comes as/.test(each)) ? 'Set the types of the server'
      : 'Copy the whole folder again'}, and load the page anew.`;
  place.hidden = false;
}
