// How long a thread is busy.

/** The longest time in milliseconds that this thread was not free while something runs. */
export async function longestBlock(task) {
  let longest = 0;
  let last = performance.now();
  let going = true;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (going) setTimeout(() => port2.postMessage(0), 1);
  };
  port2.postMessage(0);
  await task();
  going = false;
  return longest;
}
