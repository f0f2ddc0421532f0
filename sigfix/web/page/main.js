// Starts the page, and says so where a file of it is missing or damaged.

try {
  await import('./app.js');
} catch (error) {
  document.getElementById('status').textContent = 'The page cannot start.';
  const place = document.getElementById('error');
  place.textContent = `A file of this page is missing or damaged (${error.message}). Copy the whole `
    + 'folder again, and load the page anew.';
  place.hidden = false;
}
