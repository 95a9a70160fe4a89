// What sessions cost, next to what the real Claude Code says that they did. Run it with `npm run test:e2e`.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { UsageAnswer } from "../../lib/dashboard/answers";
import { CLIENT_PRICES } from "../../lib/history/prices";
import { Dashboard } from "../../scripts/harness/dashboard";
import { Tally } from "../support/tally";
import { until } from "../support/until";
import { CLIENT_VERSION, findClient, type Client } from "./client";
import { ClientHome } from "./client-home";
import { SCRIPTS } from "./model-scripts";

// One test asks the client for every model.
setDefaultTimeout(300_000);

const tally = new Tally("cost");
afterAll(() => tally.print());
const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found)
  tally.skip(`everything: Claude Code ${CLIENT_VERSION} is not available: ${found.reason}`);

const createHome = () => ClientHome.create(client, SCRIPTS, { other: "none" });

/** What the client charged for its session so far, in dollars: in all, and by model. */
function chargedBy(session: Client): { total: number; models: Record<string, number> } {
  const last = session.messages.findLast(({ type }) => type === "result");
  const models = (last?.["modelUsage"] ?? {}) as Record<string, { costUSD: number }>;
  return {
    total: Number(last?.["total_cost_usd"]),
    models: Object.fromEntries(
      Object.entries(models).map(([name, { costUSD }]) => [name, costUSD]),
    ),
  };
}

interface Costed {
  readonly kind?: string;
  readonly cost_usd: number;
  readonly [key: string]: unknown;
}

interface Shown extends Costed {
  readonly billed_usd: number | null;
  readonly models: readonly (Costed & { readonly model: string })[];
  readonly timeline: readonly Costed[];
}

function show(home: ClientHome, sessionId: string): Shown {
  return json(home, "show", sessionId, "--json");
}

function json<T>(home: ClientHome, ...args: readonly string[]): T {
  const { code, output } = home.claudeSession(...args);
  if (code !== 0) throw new Error(output);
  return JSON.parse(output) as T;
}

/** All parts of a timeline of one kind. */
function partsOf(kind: string, value: unknown): Costed[] {
  if (Array.isArray(value)) return value.flatMap((one) => partsOf(kind, one));
  if (typeof value !== "object" || value === null) return [];
  const own = (value as Costed).kind === kind ? [value as Costed] : [];
  return [...own, ...partsOf(kind, Object.values(value))];
}

// As it would ask for them; it asks another model instead of some that are older.
const MODELS = [...CLIENT_PRICES.keys()].map((model) =>
  model.startsWith("claude-3")
    ? `${model}-${model.includes("haiku") ? "20241022" : "20250219"}`
    : model,
);

describe.skipIf(client === "")("the client charges what we say", () => {
  test("for every kind of usage of every model that has a price", async () => {
    await using home = await createHome();
    for (const model of MODELS) {
      const session = await home.run("play priced", "--model", model);
      const { total, models } = chargedBy(session);
      const shown = show(home, session.sessionId);
      expect([model, shown.models.map((one) => one.model)]).toEqual([model, Object.keys(models)]);
      expect([model, shown.cost_usd]).toEqual([model, expect.closeTo(total, 9)]);
      tally.add("models compared");
    }
  });

  test("and where it guesses, we say that there is no price", async () => {
    await using home = await createHome();
    const session = home.start(["play priced", "--model", "claude-future-9"]);
    await session.endInput();
    // It warns of it.
    expect((await session.ended()).code).toBe(0);
    expect(chargedBy(session).total).toBeGreaterThan(0);
    expect(show(home, session.sessionId)).toMatchObject({
      cost_usd: null,
      models: [{ cost_usd: null }],
    });
    expect(home.claudeSession("show").output).toContain("no price for claude-future-9");
    const prices = [{ model: "claude-future-9", input: 4, output: 20, cache_read: 0.2, fast: 1 }];
    await Bun.write(`${home.sandbox.state}/config.json`, JSON.stringify({ prices }));
    expect(show(home, session.sessionId).cost_usd).toBeCloseTo(chargedBy(session).total, 9);
  });

  test("for a session, each of its prompts, and each subagent", async () => {
    await using home = await createHome();
    const first = await home.run("play priced");
    const { sessionId } = first;
    const second = await home.run("play priced-agents", "--resume", sessionId);
    const third = await home.run("play parallel", "--resume", sessionId);
    const [one, two, three] = [first, second, third].map((session) => chargedBy(session).total);
    const shown = show(home, sessionId);
    expect(shown.cost_usd).toBeCloseTo(three ?? NaN, 9);
    expect(shown.billed_usd).toBeCloseTo(three ?? NaN, 9);
    const prompts = partsOf("turn", shown.timeline);
    const charged = [one ?? NaN, (two ?? NaN) - (one ?? NaN), (three ?? NaN) - (two ?? NaN)];
    expect(prompts).toHaveLength(charged.length);
    for (const [at, { cost_usd }] of prompts.entries())
      expect(cost_usd).toBeCloseTo(charged[at] ?? NaN, 9);
    // The agent was the only one to use its model.
    const haiku = Object.entries(chargedBy(third).models).find(([model]) =>
      model.includes("haiku"),
    );
    const call = partsOf("tool", shown.timeline).find(({ tool }) => tool === "Agent");
    const agents = partsOf("agent", call?.["agents"]);
    expect(agents.map(({ cost_usd }) => cost_usd)).toEqual([expect.closeTo(haiku?.[1] ?? NaN, 9)]);
    tally.add("prompts compared", prompts.length);
    tally.add("subagents compared", agents.length);

    const [row] = json<Costed[]>(home, "list", "--cost", "--json");
    expect(row?.cost_usd).toBeCloseTo(three ?? NaN, 9);
    for (const by of ["model", "agent", "outcome"]) {
      const { total, rows } = json<{ total: Costed; rows: (Costed & { name: string })[] }>(
        home,
        "stats",
        "--by",
        by,
        "--cost",
        "--json",
      );
      expect(total.cost_usd).toBeCloseTo(three ?? NaN, 9);
      if (by === "agent")
        expect(rows.find(({ name }) => name === "general-purpose")?.cost_usd).toBeCloseTo(
          haiku?.[1] ?? NaN,
          9,
        );
      if (by === "outcome") expect(rows.map(({ name }) => name)).toEqual(["answered"]);
    }
    const text = home.claudeSession("show").output;
    expect(text).toContain(`$${(three ?? NaN).toFixed(2)}`);
    expect(text).not.toContain("Claude Code charged");

    await using dashboard = await Dashboard.start(home.sandbox);
    const path = `/api/usage?id=${sessionId}`;
    await until(async () => (await dashboard.fetch(path)).ok);
    const answer = await dashboard.ask<UsageAnswer>(path);
    expect(answer.total?.cost_usd).toBeCloseTo(three ?? NaN, 9);
    expect(Object.values(answer.agents).map(({ cost_usd }) => cost_usd)).toEqual([
      expect.closeTo(haiku?.[1] ?? NaN, 9),
    ]);
  });

  test("once for what a fork copies; and what is not in a transcript is said to be missing", async () => {
    await using home = await createHome();
    const parent = await home.run("play priced");
    const forked = await home.run("play parallel", "--resume", parent.sessionId, "--fork-session");
    const [before, after] = [chargedBy(parent).total, chargedBy(forked).total];
    expect(show(home, parent.sessionId).cost_usd).toBeCloseTo(before, 9);
    // The client goes on from the parent's sum.
    expect(show(home, forked.sessionId)).toMatchObject({
      cost_usd: expect.closeTo(after - before, 9),
      billed_usd: expect.closeTo(after, 9),
    });
    expect(home.claudeSession("show", forked.sessionId).output).not.toContain(
      "Claude Code charged",
    );
    const total = json<{ total: Costed }>(home, "stats", "--by", "model", "--cost", "--json").total;
    expect(total.cost_usd).toBeCloseTo(after, 9);
    const compacted = await home.run("/compact", "--resume", parent.sessionId);
    const shown = show(home, parent.sessionId);
    expect(shown.cost_usd).toBeCloseTo(before, 9);
    expect(shown.billed_usd).toBeCloseTo(chargedBy(compacted).total, 9);
    expect(shown.billed_usd ?? 0).toBeGreaterThan(before);
    expect(home.claudeSession("show", parent.sessionId).output).toContain("Claude Code charged");
  });

  test("and nothing is known without transcripts", async () => {
    await using home = await createHome();
    const session = await home.run("play priced");
    const { output } = home.claudeSession("show");
    expect(output).toContain("$");
    const moved = Bun.spawnSync(["rm", "-r", `${home.sandbox.home}/.claude/projects`]);
    expect(moved.exitCode).toBe(0);
    expect(show(home, session.sessionId)).toMatchObject({
      cost_usd: null,
      tokens: null,
      billed_usd: null,
    });
    expect(home.claudeSession("show").output).not.toContain("$");
    expect(home.claudeSession("stats", "--by", "model", "--cost").output).toContain(
      "No transcripts",
    );
  });
});
