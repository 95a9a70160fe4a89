/*
Events of Claude Code from any number of machines, one row per event.

For ClickHouse servers of 2024 and later; `forward --sql clickhouse-18` is for older ones. This file is a single
statement: its queries are comments. To create the table:

  claude-session forward --sql clickhouse | curl --data-binary @- http://HOST:8123/

Then add this to config.json on each machine:

  "destinations": [
    {
      "name": "clickhouse",
      "type": "http",
      "url": "http://HOST:8123/?query=INSERT%20INTO%20claude_events%20FORMAT%20JSONEachRow&date_time_input_format=best_effort&input_format_json_read_objects_as_strings=1&input_format_skip_unknown_fields=1&async_insert=1&wait_for_async_insert=1",
      "headers": { "X-ClickHouse-User": "NAME", "X-ClickHouse-Key": "PASSWORD" }
    }
  ]

Remove the headers if the server needs no password. Add "insecure": true if HOST is another machine and
the url is plain http.

async_insert=1 lets the server combine the small inserts of many machines. wait_for_async_insert=1 lets it answer only
after it has stored them; with 0, an event that was answered could still be lost.

Rows go after 365 days, and what was asked and answered (parameters, payload) after 90. Change both as you like.

Tried with the engine of ClickHouse 26.7.
*/
