/** 64-byte TCP echo over an event loop with 50 connections: server processor time per round trip. */
import { interleaved, load, serverReport } from '../measure.js';
import { echo } from '../peers/index.js';
import type { Bounds, Report, Trial } from '../report.js';

const CONNECTIONS = 50;
const BYTES = 64;
const ROUND_TRIPS = 60_000;

async function run(bounds: Bounds): Promise<Report> {
  const one = (port: number, scale: number) => load('load', 'echo', port, CONNECTIONS, BYTES, ROUND_TRIPS * scale);
  const results = await interleaved(Object.values(echo), one, bounds);
  return serverReport(results, [echo.into, echo.intoAgain], echo.c, [
    [echo.into, echo.c, 1.25],
    [echo.recv, echo.python, 1.0],
    [echo.recv, echo.net, 0.5],
  ]);
}

export const echoTrial: Trial = {
  name: 'echo',
  title: `TCP echo of ${BYTES} bytes, ${CONNECTIONS} connections, one event loop`,
  run,
};
