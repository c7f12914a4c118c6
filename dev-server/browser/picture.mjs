// Makes the picture in the README: a trace with the chosen part beside it.

import { story } from './seed.mjs';
import { launch, openPage, startServer } from './stage.mjs';

const server = await startServer();
await story(server.url);
const browser = await launch();
const { page } = await openPage(browser, server, { viewport: { width: 1200, height: 640 } });
await page.goto(`${server.url}/trace/assistant/refund-a?at=generation:refund-a-gen`);
await page.screenshot({ path: process.env.PICTURE });
await browser.close();
await server.stop();
