// Grafana's own types of a dashboard, as its JSON has them: an enum is any of its values. They are checked when this project
// is compiled, and nothing of their package gets into a program.
import type {
  Dashboard as GrafanaDashboard,
  FieldConfigSource,
  TableFieldOptions,
} from "@grafana/schema";
import type { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type { Options as TableOptions } from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  FieldConfig as TimeSeriesField,
  Options as TimeSeriesOptions,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** A type as it is written in JSON. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? Numbers<T>
    : T extends object
      ? { readonly [K in keyof T]: Json<T[K]> }
      : T;
type Numbers<T extends number> = `${T}` extends `${infer N extends number}` ? N : number;

/** How one kind of panel is drawn. */
interface Visualization<Type extends string, Options, Field> {
  readonly type: Type;
  readonly options: Json<Options>;
  readonly fieldConfig: Json<FieldConfigSource<Partial<Field>>>;
}

/** How a panel is drawn: the kinds of panels that the dashboard has. */
export type AnyVisualization =
  | Visualization<"stat", Partial<StatOptions>, object>
  | Visualization<"table", Partial<TableOptions>, TableFieldOptions>
  | Visualization<"timeseries", Partial<TimeSeriesOptions>, TimeSeriesField>;

/** Field settings for some columns of a panel. */
export type Override = Json<FieldConfigSource["overrides"][number]>;

/** A dashboard without the part that only an import reads. */
export type Dashboard = Json<GrafanaDashboard>;
