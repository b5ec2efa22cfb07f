// Asks a ClickHouse over HTTP as Grafana's plugin does, and prints what it got as one JSON object.
// Usage: client URL compression (none, gzip, lz4); the user stands in the URL.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func main() {
	options, err := clickhouse.ParseDSN(os.Args[1])
	if err != nil {
		panic(err)
	}
	methods := map[string]clickhouse.CompressionMethod{
		"none": clickhouse.CompressionNone, "gzip": clickhouse.CompressionGZIP, "lz4": clickhouse.CompressionLZ4,
	}
	options.Compression = &clickhouse.Compression{Method: methods[os.Args[2]]}
	connection, err := clickhouse.Open(options)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	report := map[string]any{}
	defer func() {
		if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
			panic(err)
		}
	}()
	if err := connection.Ping(ctx); err != nil {
		report["error"] = code(err)
		return
	}
	version, err := connection.ServerVersion()
	report["version"] = fmt.Sprintf("%v %v", version, err)
	report["types"] = types(ctx, connection)
	report["rows"] = rows(ctx, connection)
	report["parameter"] = parameter(ctx, connection)
	report["missing"] = code(connection.Exec(ctx, "SELECT * FROM nowhere"))
	report["inserted"] = insert(ctx, connection)
	report["cancelled"] = cancel(ctx, connection)
}

// One row of every type we write and dashboards compute, as text.
func types(ctx context.Context, connection driver.Conn) map[string]string {
	found := map[string]string{}
	result, err := connection.Query(ctx, "SELECT * FROM typed ORDER BY n LIMIT 1")
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	defer result.Close()
	for result.Next() {
		columns := result.ColumnTypes()
		values := make([]any, len(columns))
		for i, column := range columns {
			values[i] = newValue(column)
		}
		if err := result.Scan(values...); err != nil {
			return map[string]string{"error": err.Error()}
		}
		for i, column := range columns {
			text, _ := json.Marshal(values[i])
			found[column.Name()] = column.DatabaseTypeName() + " " + string(text)
		}
	}
	if err := result.Err(); err != nil {
		found["error"] = err.Error()
	}
	return found
}

// Many rows over several blocks, with dictionaries: their number and sums.
func rows(ctx context.Context, connection driver.Conn) string {
	result, err := connection.Query(ctx, "SELECT n, cdn, note FROM typed ORDER BY n")
	if err != nil {
		return err.Error()
	}
	defer result.Close()
	var count, sum, letters uint64
	for result.Next() {
		var n uint64
		var cdn string
		var note *string
		if err := result.Scan(&n, &cdn, &note); err != nil {
			return err.Error()
		}
		count++
		sum += n
		letters += uint64(len(cdn))
		if note != nil {
			letters += uint64(len(*note))
		}
	}
	if err := result.Err(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %d %d", count, sum, letters)
}

func parameter(ctx context.Context, connection driver.Conn) string {
	var text string
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"v": "it's \\ here"}))
	if err := connection.QueryRow(ctx, "SELECT {v:String}").Scan(&text); err != nil {
		return err.Error()
	}
	return text
}

func insert(ctx context.Context, connection driver.Conn) string {
	batch, err := connection.PrepareBatch(ctx, "INSERT INTO written (n, cdn)")
	if err != nil {
		return code(err)
	}
	for n := range 1000 {
		if err := batch.Append(uint64(n), fmt.Sprintf("cdn%d", n%7)); err != nil {
			return err.Error()
		}
	}
	if err := batch.Send(); err != nil {
		return code(err)
	}
	var count uint64
	if err := connection.QueryRow(ctx, "SELECT count() FROM written").Scan(&count); err != nil {
		return err.Error()
	}
	return fmt.Sprint(count)
}

func cancel(ctx context.Context, connection driver.Conn) bool {
	ctx, stop := context.WithTimeout(clickhouse.Context(ctx, clickhouse.WithQueryID("from-go")), 500*time.Millisecond)
	defer stop()
	var sum uint64
	err := connection.QueryRow(ctx, "SELECT sum(cityHash64(number)) FROM numbers(1000000000000)").Scan(&sum)
	return errors.Is(err, context.DeadlineExceeded)
}

func code(err error) string {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return fmt.Sprint(exception.Code)
	}
	return fmt.Sprint(err)
}
