// Preloaded by `npm run test:unit`: a property stops trying inputs after a fifth of a second. `npm test` tries all.
import fc from "fast-check";

fc.configureGlobal({ interruptAfterTimeLimit: 200 });
