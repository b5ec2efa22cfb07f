package main

import (
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// A fresh value of the type the driver scans this column into.
func newValue(column driver.ColumnType) any {
	return reflect.New(column.ScanType()).Interface()
}
