// What `claude-session forward --grafana clickhouse` prints: a dashboard to import.
import { clickhouseQuery, OWN_EVENTS, type Scope } from "../sql/clickhouse";
import { PANELS, type PanelPlan } from "./panels";
import type { Dashboard } from "./schema";

const PLUGIN = "grafana-clickhouse-datasource";
/** The data source that a person chooses at the import. */
const DATASOURCE = { type: PLUGIN, uid: "${DS_CLICKHOUSE}" };
const COLUMNS = 24;
// What the plug-in makes of a result.
const TIME_SERIES = 0;
const TABLE = 1;

/** What the data source plug-in fills in: https://grafana.com/docs/plugins/grafana-clickhouse-datasource/latest/ */
const SHOWN: Scope = {
  scope: [
    OWN_EVENTS,
    "$__conditionalAll(project IN (${project:singlequote}), $project)",
    "$__conditionalAll(user IN (${user:singlequote}), $user)",
  ].join(" AND "),
  range: "$__timeFilter_ms(timestamp)",
  until: "$__toTime_ms",
  step: "$__timeInterval(timestamp)",
  session: "${session:singlequote}",
};

/** A dashboard as Grafana exports it for others: with what an import asks for. */
interface SharedDashboard extends Dashboard {
  readonly __inputs: readonly object[];
  readonly __requires: readonly object[];
}

/** The dashboard for events in ClickHouse. */
export function clickhouseDashboard(): SharedDashboard {
  return {
    __inputs: [
      {
        name: "DS_CLICKHOUSE",
        label: "ClickHouse",
        description: "The ClickHouse data source with the table claude_events",
        type: "datasource",
        pluginId: PLUGIN,
        pluginName: "ClickHouse",
      },
    ],
    __requires: [
      { type: "datasource", id: PLUGIN, name: "ClickHouse", version: "4.0.0" },
      { type: "panel", id: "stat", name: "Stat", version: "" },
      { type: "panel", id: "table", name: "Table", version: "" },
      { type: "panel", id: "timeseries", name: "Time series", version: "" },
    ],
    uid: "claude-session-hooks",
    title: "Claude Code sessions",
    description: "Events recorded by claude-session-hooks, in ClickHouse.",
    tags: ["claude-code"],
    schemaVersion: 39,
    editable: true,
    timezone: "browser",
    // A thousand people make some million events a day.
    time: { from: "now-24h", to: "now" },
    refresh: "5m",
    graphTooltip: 1,
    templating: { list: VARIABLES },
    panels: placed(PANELS),
  };
}

const VARIABLES: NonNullable<NonNullable<Dashboard["templating"]>["list"]> = [
  chosenFrom("project", "Project"),
  chosenFrom("user", "User"),
  {
    name: "session",
    label: "Session",
    description: "The panel at the bottom shows its story",
    type: "query",
    datasource: DATASOURCE,
    query:
      sqlOf(`SELECT session_id, concat(argMin(project, timestamp), ' ', formatDateTime(max(timestamp), '%m-%d %H:%i'), ' ', left(session_id, 8))
FROM claude_events
WHERE ${SHOWN.scope} AND ${SHOWN.range}
GROUP BY session_id
ORDER BY max(timestamp) DESC
LIMIT 200`),
    refresh: 2,
    sort: 0,
  },
  {
    name: "traces",
    label: "Traces",
    description: "Target of links to spans, which need a Tempo data source",
    type: "datasource",
    query: "tempo",
    refresh: 1,
  },
];

/** A variable with the values of a column: several, or all. */
function chosenFrom(name: string, label: string) {
  // Grafana's `singlequote` escapes quotes and not backslashes, so a name with one (92) could end its quotes and go on as
  // SQL. Such a name cannot be chosen; its events are among all.
  return {
    name,
    label,
    type: "query",
    datasource: DATASOURCE,
    query: sqlOf(`SELECT DISTINCT ${name}
FROM claude_events
WHERE ${OWN_EVENTS} AND ${SHOWN.range} AND position(${name}, char(92)) = 0
ORDER BY ${name}`),
    multi: true,
    includeAll: true,
    current: { text: "All", value: "$__all" },
    refresh: 2,
    sort: 1,
  } as const;
}

function sqlOf(rawSql: string) {
  return { editorType: "sql", rawSql };
}

/** Puts panels next to each other, as far as they fit, and the others below. */
function placed(plans: readonly PanelPlan[]): NonNullable<Dashboard["panels"]> {
  let [x, y] = [0, 0];
  return plans.map(({ question, title, description, width, height, interval, drawing }, i) => {
    const gridPos = { x, y, w: width, h: height };
    x += width;
    if (x >= COLUMNS) [x, y] = [0, y + height];
    return {
      id: i + 1,
      title,
      description,
      gridPos,
      datasource: DATASOURCE,
      ...(interval !== undefined && { interval }),
      ...drawing,
      targets: [
        {
          refId: "A",
          datasource: DATASOURCE,
          ...sqlOf(clickhouseQuery(question, SHOWN)),
          format: drawing.type === "timeseries" ? TIME_SERIES : TABLE,
        },
      ],
    };
  });
}
