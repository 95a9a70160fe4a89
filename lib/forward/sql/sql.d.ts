// What `import text from "./x.sql" with { type: "text" }` gives: the file's content.
declare module "*.sql" {
  const text: string;
  export default text;
}
