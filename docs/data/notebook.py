"""Reads Firstframe from a notebook: Arrow over HTTP, no driver needed. `pip install pyarrow` (and pandas, if frames are wanted).

    python notebook.py http://127.0.0.1:8081 demo gala
"""

import sys
import urllib.error
import urllib.parse
import urllib.request

import pyarrow as pa


def query(console: str, sql: str, **params) -> pa.Table:
    """One SELECT as an Arrow table; values of {name:Type} are keyword arguments."""
    arguments = {"database": "firstframe", "default_format": "ArrowStream"}
    arguments |= {f"param_{name}": str(value) for name, value in params.items()}
    address = f"{console}/clickhouse/?{urllib.parse.urlencode(arguments)}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data=sql.encode())) as answer:
            return pa.ipc.open_stream(answer).read_all()
    except urllib.error.HTTPError as error:
        # ClickHouse says what is wrong in the body: "Code: 62. DB::Exception: …"
        raise ValueError(error.read().decode().strip()) from None


STALLS = """
SELECT cdn, sum(stalled_ms_sum) / sum(watched_ms_sum) AS stall_ratio, sum(watched_ms_sum) / 60000 AS minutes
FROM heartbeat_stream_10s
WHERE tenant = {tenant:String} AND show = {show:String} AND NOT synthetic
GROUP BY cdn
ORDER BY stall_ratio DESC
"""

if __name__ == "__main__":
    console, tenant, show = sys.argv[1:4]
    table = query(console, STALLS, tenant=tenant, show=show)
    for row in table.to_pylist():
        print(f"{row['cdn']}\t{row['stall_ratio']:.6f}\t{row['minutes']:.2f}")
