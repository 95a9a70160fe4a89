// The page: its frame, and the view that the address names.
import { render } from "preact";
import { useEffect } from "preact/hooks";
import { address, linkTo, readAddress } from "./address";
import { access, logIn } from "./api";
import { formatCount } from "./format";
import { areTextsHidden } from "./choices";
import { isHelpOpen, isPaletteOpen, listenToKeys, VIEWS } from "./keys";
import { Help } from "./parts/help";
import { Palette } from "./parts/palette";
import { askingCount, connection, epoch, eventCount, follow, progress, version } from "./store";
import { Compare } from "./views/compare";
import { Events } from "./views/events";
import { Files } from "./views/files";
import { Health } from "./views/health";
import { notifyOfQuestions } from "./notifications";
import { Now } from "./views/now";
import { Search } from "./views/search";
import { Session } from "./views/session";
import { Sessions } from "./views/sessions";
import { Statistics } from "./views/statistics";

function App() {
  useEffect(listenToKeys, []);
  const { view } = address.value;
  const count = askingCount.value;
  useEffect(() => {
    document.title = count > 0 ? `(${count}) Claude sessions` : "Claude sessions";
  }, [count]);
  // On a narrow screen not all of the views have room.
  useEffect(
    () => document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest" }),
    [view],
  );
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <nav aria-label="Views">
          {VIEWS.map(([name, label, key]) => (
            <a
              key={name}
              href={linkTo(name)}
              aria-current={
                view === name || (view === "session" && name === "sessions") ? "page" : undefined
              }
              title={`g ${key}`}
            >
              {label}
              {name === "now" && count > 0 ? (
                <span class="badge" aria-label={`${count} wait for an answer`}>
                  {count}
                </span>
              ) : null}
            </a>
          ))}
        </nav>
        <Status />
        {areTextsHidden.value ? (
          <button type="button" class="quiet" onClick={() => (areTextsHidden.value = false)}>
            Texts are hidden <kbd>x</kbd>
          </button>
        ) : null}
        <button type="button" class="quiet" onClick={() => (isPaletteOpen.value = true)}>
          Go to <kbd>Ctrl K</kbd>
        </button>
        <button type="button" class="quiet" onClick={() => (isHelpOpen.value = true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {access.value === "closed" ? <Closed /> : <View />}
      </main>
      {isHelpOpen.value ? <Help /> : null}
      {isPaletteOpen.value ? <Palette /> : null}
    </>
  );
}

function View() {
  const { view, id } = address.value;
  switch (view) {
    case "now":
      return <Now />;
    case "sessions":
      return <Sessions />;
    case "session":
      return <Session key={`${id} ${epoch.value}`} id={id} />;
    case "events":
      return <Events />;
    case "files":
      return <Files />;
    case "search":
      return <Search />;
    case "statistics":
      return <Statistics />;
    case "compare":
      return <Compare key={id} id={id} />;
    case "health":
      return <Health />;
    default:
      return (
        <div class="empty">
          <h1>No such page</h1>
          <p>
            <a href={linkTo("now")}>Go to Now</a>
          </p>
        </div>
      );
  }
}

const STATUS = {
  connecting: "connecting …",
  live: "live",
  lost: "the dashboard has stopped or was restarted; reconnecting …",
  resting: "resting",
} as const;

function Status() {
  const share = progress.value;
  const isReading = connection.value === "live" && share < 1;
  return (
    <p class="status" role="status" data-connection={connection.value}>
      <span class="dot" aria-hidden="true" />
      {isReading ? `reading the log, ${Math.floor(share * 100)} %` : STATUS[connection.value]}
      <span class="wide-only">
        {connection.value === "live" ? ` · ${formatCount(eventCount.value)} events` : ""}
        {version.value === "" ? "" : ` · ${version.value}`}
      </span>
    </p>
  );
}

function Closed() {
  return (
    <div class="empty">
      <h1>This link no longer works</h1>
      <p>
        Each start of the dashboard creates a new link. Run <code>claude-session dashboard</code> in
        a terminal and open the link it prints.
      </p>
    </div>
  );
}

await logIn();
readAddress();
follow();
notifyOfQuestions();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
