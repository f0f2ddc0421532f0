/** Answer the page that started this worker; `tf` where the page sends no scripts. */
export function serve(options?: { tf?: object; port?: MessagePort }): void;
