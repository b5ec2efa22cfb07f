"""Asks the console's address for numbers as a notebook does, three ways, and prints them as one JSON object.

Usage: same_numbers.py CONSOLE < {"name": "SELECT … AS value", …}
"""

import json
import sys
import urllib.parse
import urllib.request

import clickhouse_connect
import pyarrow

console = urllib.parse.urlparse(sys.argv[1])
client = clickhouse_connect.get_client(
    host=console.hostname, port=console.port, proxy_path="/clickhouse", database="firstframe"
)


def plain(value):
    """None for what is not there; NaN is pandas' word for it."""
    return None if value is None or value != value else float(value)


def over_http(sql):
    arguments = urllib.parse.urlencode({"database": "firstframe", "default_format": "ArrowStream"})
    request = urllib.request.Request(f"{sys.argv[1]}/clickhouse/?{arguments}", data=sql.encode())
    with urllib.request.urlopen(request) as answer:
        return pyarrow.ipc.open_stream(answer).read_all()


found = {}
for name, sql in json.load(sys.stdin).items():
    found[name] = {
        "pandas": [plain(value) for value in client.query_df(sql)["value"]],
        "arrow": [plain(value) for value in client.query_arrow(sql)["value"].to_pylist()],
        "pyarrow over HTTP": [plain(value) for value in over_http(sql)["value"].to_pylist()],
    }
print(json.dumps(found))
