"""Asks a ClickHouse over HTTP as an analyst's notebook does, and prints what it got as one JSON object.

Usage: client.py HOST PORT USER PASSWORD
"""

import json
import sys
import urllib.parse
import urllib.request

import clickhouse_connect
import pandas
import pyarrow
from clickhouse_connect.driver.exceptions import DatabaseError
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select

host, port, user, password = sys.argv[1:5]
client = clickhouse_connect.get_client(
    host=host, port=int(port), username=user, password=password, database="firstframe"
)
report = {"version": client.server_version, "zone": str(client.server_tz)}

result = client.query("SELECT n, cdn, note, took, tags FROM typed ORDER BY n LIMIT 3")
report["rows"] = [[str(value) for value in row] for row in result.result_rows]
report["parameter"] = client.query(
    "SELECT {v:String} AS v, {ids:Array(UInt32)} AS ids", parameters={"v": "it's \\ here", "ids": [1, 2]}
).first_row
report["bound"] = client.query("SELECT %(v)s", parameters={"v": "o'clock"}).first_row

frame = client.query_df("SELECT cdn, count() AS plays, sum(n) AS total FROM typed GROUP BY cdn ORDER BY cdn")
assert isinstance(frame, pandas.DataFrame)
report["pandas"] = [len(frame), int(frame["plays"].sum()), int(frame["total"].sum())]

table = client.query_arrow("SELECT n, cdn FROM typed ORDER BY n")
assert isinstance(table, pyarrow.Table)
report["arrow"] = [table.num_rows, sum(table["n"].to_pylist())]

with client.query_df_stream("SELECT n FROM typed") as stream:
    report["streamed"] = sum(len(block) for block in stream)

# without any client: Arrow over plain HTTP
query = urllib.parse.urlencode({"query": "SELECT n FROM typed FORMAT ArrowStream", "user": user, "password": password})
with urllib.request.urlopen(f"http://{host}:{port}/?{query}") as answer:
    report["plain_arrow"] = pyarrow.ipc.open_stream(answer).read_all().num_rows

# SQLAlchemy by clickhouse-connect's dialect, as Superset uses it: what is there, the columns of a table, a query
engine = create_engine(f"clickhousedb://{user}:{password}@{host}:{port}/firstframe")
seen = inspect(engine)
typed = Table("typed", MetaData(), autoload_with=engine)
with engine.connect() as connection:
    count = connection.execute(select(func.count()).select_from(typed)).scalar()
report["sqlalchemy"] = ["firstframe" in seen.get_schema_names(), "typed" in seen.get_table_names(), len(typed.columns) > 5, count]

try:
    client.query("SELECT * FROM nowhere")
except DatabaseError as error:
    report["missing"] = "UNKNOWN_TABLE" in str(error)

try:
    client.insert("written", [[1, "a"], [2, "b"]], column_names=["n", "cdn"])
    client.insert_df("written", pandas.DataFrame({"n": [3, 4], "cdn": ["c", "d"]}))
    client.insert_arrow("written", pyarrow.table({"n": pyarrow.array([5], pyarrow.uint64()), "cdn": ["e"]}))
    report["inserted"] = client.query("SELECT count() FROM written").first_row[0]
except DatabaseError as error:
    report["inserted"] = "READONLY" in str(error) and "refused" or str(error)

print(json.dumps(report))
